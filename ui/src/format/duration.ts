const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * A length of time in its two largest units: `420ms`, `42s`, `3m 05s`, `1h 02m`, `2d 04h`.
 *
 * @param ms milliseconds; less than 0 counts as 0
 * @param whole counts in whole seconds, as a ticking clock does
 */
export function formatDuration (ms: number, whole = false): string {
  if (ms < SECOND) return whole || ms <= 0 ? '0s' : `${Math.max(1, Math.floor(ms))}ms`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${twoDigits(ms % MINUTE / SECOND)}s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${twoDigits(ms % HOUR / MINUTE)}m`
  return `${Math.floor(ms / DAY)}d ${twoDigits(ms % DAY / HOUR)}h`
}

function twoDigits (value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}
