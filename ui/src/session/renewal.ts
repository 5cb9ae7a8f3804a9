/** The longest time between two renewals, in milliseconds: a session may last a day, and a laptop sleep for hours. */
const LONGEST_WAIT_MS = 3_600_000

/** No renewal is asked for more often than this, in milliseconds. */
const SHORTEST_WAIT_MS = 10_000

/**
 * How long to wait before a session is renewed: half of what is left of it.
 *
 * @param expiresAt as the service tells it, RFC 3339
 * @param now milliseconds since 1970
 * @returns milliseconds
 */
export function renewalDelay (expiresAt: string, now: number): number {
  const left = Date.parse(expiresAt) - now
  return Math.min(Math.max(left / 2, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)
}
