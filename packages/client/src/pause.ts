import { onWake } from './wake.ts'

/** Timers turn anything longer into no wait at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

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
