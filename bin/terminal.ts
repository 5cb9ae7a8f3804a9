import { parseArgs, stripVTControlCharacters, type ParseArgsConfig } from 'node:util'

/** The error of a call that makes no sense. Its message has no full stop. */
export class UsageError extends Error {}

let lineEnd = '\n'

/** Sets the end of a line for a terminal, which in raw mode does not go back to the first column by itself. */
export function setLineEnd (end: '\n' | '\r\n'): void {
  lineEnd = end
}

/** Writes a sentence of runcast itself to stderr: stdout belongs to the command or run. */
export function say (sentence: string): void {
  process.stderr.write(`runcast: ${sentence}${lineEnd}`)
}

/** The options that every command has. */
export const SERVICE_OPTIONS = { url: { type: 'string' }, token: { type: 'string' } } as const

/**
 * Reads the arguments of a command.
 *
 * @throws UsageError
 */
export function readArguments<T extends ParseArgsConfig> (config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.replace(/\.$/, ''))
    throw error
  }
}

const ESCAPE = '\u001b'
const COLOUR_SEQUENCE = new RegExp(`(${ESCAPE}\\[[0-9;:]*m)`)
const RESET = `${ESCAPE}[0m`

/**
 * Makes foreign text harmless in a terminal: it leaves out sequences that move the cursor, set the title or ring. Colours
 * stay where they are wanted.
 */
export function printable (text: string, colours: boolean): string {
  if (!colours) return withoutControls(text)
  const parts = text.split(COLOUR_SEQUENCE)
  const safe = parts.map((part, index) => index % 2 === 1 ? part : withoutControls(part)).join('')
  return parts.length > 1 ? `${safe}${RESET}` : safe
}

function withoutControls (text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\t\n]/gu, '')
}
