/** The deepest nesting of a value: jq's stack in WebAssembly has room for about twice as many levels. */
export const MAX_NESTING = 256

/** Definitions that leave a program its input, its variables and the time. Its output to stderr is dropped. */
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

/** The lines of a checked program before the first line of its author. */
const LINES_BEFORE = 1

/**
 * Makes a program to compile alone. Nothing follows it, so that its own faults cannot hide.
 *
 * @param variables the names that it may use
 */
export function checkedProgram (program: string, variables: readonly string[]): string {
  return `${opening([program], variables)}\n${program}`
}

/**
 * Makes one program of several, each of which compiles by itself. It gives the text of a JSON array: for each program
 * `[0, its first two values]` or `[1, its error]`; `null` when the text is too large.
 */
export function combinedProgram (programs: readonly string[], variables: readonly string[], maxOutputBytes: number): string {
  // This is `limit(2; …)`, whose compilation takes longer. A backslash at the end of a comment takes one of the line feeds away.
  const parts = programs.map((program) =>
    `(try [0, (label $two | foreach (\n${program}\n\n) as $value (0; . + 1; $value, if . > 1 then break $two else empty end))] catch [1, .])`)
  return `${opening(programs, variables)} [${parts.join(', ')}] | tojson | if utf8bytelength > ${maxOutputBytes} then null else . end`
}

/** Writes the definitions whose names occur in the programs, as the compilation of each takes time, and binds the variables. */
function opening (programs: readonly string[], variables: readonly string[]): string {
  const confinement = CONFINEMENT.flatMap(([name, definition]) => programs.some((program) => program.includes(name)) ? [definition] : [])
  const binding = variables.length === 0 ? '' : `.[1] as {${variables.map((name) => `$${name}`).join(', ')}} |`
  return `${confinement.join(' ')} ${binding} .[0] |`
}

/** Makes a sentence for the author of a program from the text that jq wrote to stderr about the checked program. */
export function compileFault (stderr: string): string {
  const found = /^jq: error: (?<reason>[\s\S]*?) at <top-level>, line (?<line>\d+)(?:, column (?<column>\d+))?/.exec(stderr)?.groups
  if (found === undefined) return `It does not compile: ${stderr.split('\n', 1)[0]?.replace('jq: error: ', '') ?? ''}.`
  const line = Number(found['line']) - LINES_BEFORE
  const column = found['column'] === undefined ? '' : `, column ${found['column']}`
  return `It does not compile: ${found['reason']}${line < 1 ? '' : ` (line ${line}${column})`}.`
}

/** Replaces surrogates without a partner, which jq refuses: UTF-8 cannot have them. */
export function wellFormed (json: string): string {
  if (!/\\ud[89a-f]/.test(json)) return json
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => escape === '\\\\' ? escape : '\\ufffd')
}
