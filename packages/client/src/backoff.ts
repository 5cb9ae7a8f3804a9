import { onWake } from './wake.ts'

/** Timers turn anything longer into no wait at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** How long to wait between attempts: up to `baseMs`, doubling with each attempt up to `maxMs`. */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/** A wait in milliseconds, evenly random between 0 and the bound of this attempt (0, 1, 2, ...), so that many clients spread. */
export function fullJitter (attempt: number, backoff: Backoff): number {
  return Math.random() * Math.min(backoff.maxMs, backoff.baseMs * 2 ** attempt)
}

/** Waits; less when the signal aborts or a browser comes back online or into view. Never rejects. */
export function pause (ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stopListening()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER_MS))
    const stopListening = onWake(end)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
