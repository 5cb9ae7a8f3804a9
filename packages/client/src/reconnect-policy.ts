import { backoffMs } from '@runcast/protocol'
import type { RuncastError } from './errors.ts'
import type { Reconnecting } from './stream-items.ts'

/** Decides how long a follower waits before it connects again. */
export interface ReconnectPolicy {
  /** Notes the service's `retry:`, in milliseconds. */
  retry (ms: number): void
  /** Notes a frame. After the service's farewell (`closing`) the next wait is exactly the `retry:`. */
  received (closing: boolean): void
  /** Gives the wait after the end of a connection. */
  next (error: RuncastError | null): Reconnecting
}

const DEFAULT_RETRY_MS = 1000
const LEAST_RETRY_MS = 100

// A person may be watching: even after a long outage the page must be live again soon.
const MAX_RETRY_MS = 10_000

/** Makes the policy of one follower. */
export function createReconnectPolicy (): ReconnectPolicy {
  let retryMs = DEFAULT_RETRY_MS
  let closing = false
  let failures = 0
  return {
    retry (ms) {
      retryMs = ms
    },
    received (isFarewell) {
      closing = isFarewell
      failures = 0
    },
    next (error) {
      const baseMs = Math.max(retryMs, LEAST_RETRY_MS)
      const jittered = backoffMs(failures, { baseMs, maxMs: Math.max(baseMs, MAX_RETRY_MS) })
      const delayMs = closing ? retryMs : Math.max(jittered, error?.retryAfterMs ?? 0)
      closing = false
      failures += 1
      return { kind: 'reconnecting', attempt: failures, delayMs, error }
    }
  }
}
