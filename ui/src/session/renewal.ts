/** The longest time between two renewals, in milliseconds: a session may last a day, and a laptop may sleep for hours. */
const LONGEST_WAIT_MS = 3_600_000

/** The shortest time between two renewals, in milliseconds. */
const SHORTEST_WAIT_MS = 10_000

/**
 * The time until a session is renewed: half of the time that it has left.
 *
 * @param expiresAt RFC 3339
 * @param now milliseconds since 1970
 * @returns milliseconds
 */
export function renewalDelay (expiresAt: string, now: number): number {
  const left = Date.parse(expiresAt) - now
  return Math.min(Math.max(left / 2, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)
}
