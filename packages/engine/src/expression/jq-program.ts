/** Values that nest deeper are refused: jq's stack in WebAssembly has room for about twice as many levels. */
export const MAX_NESTING = 256

/** A program has its input, its variables and the time, nothing else; what it would write to stderr is dropped. */
const CONFINEMENT: ReadonlyArray<readonly [name: string, definition: string]> = [
  ['env', 'def env: {};'],
  ['input', 'def input: error("there is no further input");'],
  ['inputs', 'def inputs: empty;'],
  ['input_filename', 'def input_filename: null;'],
  ['debug', 'def debug: .; def debug(f): .;'],
  ['stderr', 'def stderr: .;'],
  ['halt', 'def halt: error("an expression cannot halt");'],
  ['halt_error', 'def halt_error: halt; def halt_error(f): halt;'],
  ['get_search_list', 'def get_search_list: [];'],
  ['modulemeta', 'def modulemeta: error("there are no modules");'],
  ['ENV', '{} as $ENV |']
]

/** The line of a combined program before the first line of an author's. */
const LINES_BEFORE = 1

/**
 * A program that can be compiled but not changed by what is wrong with it: nothing follows it.
 *
 * @param variables the names that it may use
 */
export function checkedProgram (program: string, variables: readonly string[]): string {
  return `${opening([program], variables)}\n${program}`
}

/**
 * One program for several, each of which compiles by itself.
 * It gives the text of a JSON array: for each program `[0, its first two values]` or `[1, what it failed with]`; `null` when that is too large.
 */
export function combinedProgram (programs: readonly string[], variables: readonly string[], maxOutputBytes: number): string {
  // `limit(2; …)`, whose compilation takes longer, and two line feeds, as a backslash at the end of a comment takes one away.
  const parts = programs.map((program) =>
    `(try [0, (label $two | foreach (\n${program}\n\n) as $value (0; . + 1; $value, if . > 1 then break $two else empty end))] catch [1, .])`)
  return `${opening(programs, variables)} [${parts.join(', ')}] | tojson | if utf8bytelength > ${maxOutputBytes} then null else . end`
}

/** Compiling a definition takes time, so that only those are there whose names occur. */
function opening (programs: readonly string[], variables: readonly string[]): string {
  const confinement = CONFINEMENT.flatMap(([name, definition]) => programs.some((program) => program.includes(name)) ? [definition] : [])
  const binding = variables.length === 0 ? '' : `.[1] as {${variables.map((name) => `$${name}`).join(', ')}} |`
  return `${confinement.join(' ')} ${binding} .[0] |`
}

/** What jq has against a program, in words for its author, from what it wrote to stderr about a checked program. */
export function compileFault (stderr: string): string {
  const found = /^jq: error: (?<reason>[\s\S]*?) at <top-level>, line (?<line>\d+)(?:, column (?<column>\d+))?/.exec(stderr)?.groups
  if (found === undefined) return `It does not compile: ${stderr.split('\n', 1)[0]?.replace('jq: error: ', '') ?? ''}.`
  const line = Number(found['line']) - LINES_BEFORE
  const column = found['column'] === undefined ? '' : `, column ${found['column']}`
  return `It does not compile: ${found['reason']}${line < 1 ? '' : ` (line ${line}${column})`}.`
}

/** Replaces surrogates without a partner, which jq refuses, as texts in UTF-8 cannot have them. */
export function wellFormed (json: string): string {
  if (!/\\ud[89a-f]/.test(json)) return json
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => escape === '\\\\' ? escape : '\\ufffd')
}
