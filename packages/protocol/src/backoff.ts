/** The bounds of the waits between attempts, in milliseconds: up to `baseMs`, doubling with each attempt up to `maxMs`. */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
  /** The part of each bound that is always waited, from 0 to 1. Defaults to 0. */
  readonly floor?: number
}

/**
 * The wait before the next attempt, in milliseconds, evenly random below the bound of this attempt, so that many
 * clients spread.
 *
 * @param attempt 0 after the first failure
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function backoffMs (attempt: number, { baseMs, maxMs, floor = 0 }: Backoff): number {
  const bound = Math.min(maxMs, baseMs * 2 ** attempt)
  return bound * (floor + (1 - floor) * Math.random())
}
