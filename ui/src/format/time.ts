const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/**
 * The time since something, in one unit: `just now`, `5 min ago`, `3 h ago`, `2 d ago`; after a week its date.
 *
 * @param time milliseconds since 1970; a time after `now` counts as `now`
 * @param now milliseconds since 1970
 */
export function formatAgo (time: number, now: number): string {
  const ago = now - time
  if (ago < MINUTE) return 'just now'
  if (ago < HOUR) return `${Math.floor(ago / MINUTE)} min ago`
  if (ago < DAY) return `${Math.floor(ago / HOUR)} h ago`
  if (ago < 7 * DAY) return `${Math.floor(ago / DAY)} d ago`
  return (new Date(time).getFullYear() === new Date(now).getFullYear() ? DAY_OF_YEAR : DATE).format(time)
}

/** Date and time of day in the browser's time zone: `24 Nov 2025, 16:00:01`. */
export function formatFull (time: number): string {
  return FULL.format(time)
}

/** The time of day in the browser's time zone: `16:00:01`. */
export function formatClock (time: number): string {
  return CLOCK.format(time)
}
