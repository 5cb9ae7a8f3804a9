import type { Logger } from '../../services/logging/logger.ts'

/** One line that a service logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger that keeps its lines. */
export function memoryLogger (): Logger & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const write = (level: LoggedLine['level']) => (fields: object, message: string) => { lines.push({ level, fields: { ...fields }, message }) }
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
