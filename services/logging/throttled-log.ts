import type { LogLine } from './logger.ts'

/**
 * Lets one line through per interval, so that a fault that repeats does not fill the log.
 *
 * @param intervalMs the least time between two lines, in milliseconds
 * @returns a function that writes the line or leaves it out. A line tells by `suppressed` how many were left out before it
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
