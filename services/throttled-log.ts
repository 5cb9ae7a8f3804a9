/** What the services need of a logger: pino's methods. */
export interface Logger {
  debug (fields: object, message: string): void
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}

/** Writes one log line. */
export type LogLine = (fields: object, message: string) => void

/**
 * Lets one line through per interval, so that a fault that repeats does not fill the log.
 *
 * @param intervalMs the least time between two lines, in milliseconds
 * @returns a function that writes the line, with `suppressed`, the number of lines left out before it, if any; or leaves it out
 */
export function throttledLog (write: LogLine, intervalMs: number): LogLine {
  let silentUntil = 0
  let suppressed = 0
  return (fields, message) => {
    const now = performance.now()
    if (now < silentUntil) {
      suppressed++
      return
    }
    silentUntil = now + intervalMs
    write(suppressed === 0 ? fields : { ...fields, suppressed }, message)
    suppressed = 0
  }
}
