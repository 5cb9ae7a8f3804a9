import { terminalLines } from '../format/terminal-text.ts'

/** The last line of a log message that is not empty, as a terminal would show it but without colours; '' without one. */
export function lastLine (message: string | null): string {
  if (message === null) return ''
  return terminalLines(message).findLast(({ text }) => text.trim() !== '')?.text.trim() ?? ''
}
