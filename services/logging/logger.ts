/** The methods of pino that the services call. */
export interface Logger {
  debug (fields: object, message: string): void
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}

/** Writes one log line. */
export type LogLine = (fields: object, message: string) => void
