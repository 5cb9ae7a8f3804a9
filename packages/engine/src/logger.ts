/** A structured logger, such as pino. */
export interface EngineLogger {
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}
