import { formatClock } from '../../format/time.ts'

/** The time in front of a row: by the clock, since the run began, or a mark alone. */
export type TimeMode = 'clock' | 'elapsed' | 'none'

/** The time of a row: `16:00:01.250`, `+12.345`, or `·`. @param start the run's begin, in milliseconds since 1970 */
export function rowTime (at: number, mode: TimeMode, start: number): string {
  if (mode === 'none') return '·'
  return mode === 'clock' ? `${formatClock(at)}.${threeDigits(at % 1000)}` : sinceStart(at - start)
}

function sinceStart (ms: number): string {
  const size = Math.abs(ms)
  const [hours, minutes, seconds] = [Math.floor(size / 3_600_000), Math.floor(size / 60_000) % 60, Math.floor(size / 1000) % 60]
  const clock = hours > 0 ? `${hours}:${twoDigits(minutes)}:${twoDigits(seconds)}` : `${minutes}:${twoDigits(seconds)}`
  return `${ms < 0 ? '-' : '+'}${clock}.${threeDigits(size % 1000)}`
}

function twoDigits (value: number): string {
  return String(value).padStart(2, '0')
}

function threeDigits (value: number): string {
  return String(Math.floor(value)).padStart(3, '0')
}
