/** The bounds of the waits between attempts, in milliseconds: up to `baseMs`, doubling with each attempt up to `maxMs`. */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * The wait before the next attempt, in milliseconds, evenly random below the bound of this attempt, so that many
 * clients spread.
 *
 * @param attempt 0 after the first failure
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function backoffMs (attempt: number, { baseMs, maxMs }: Backoff): number {
  return Math.random() * Math.min(maxMs, baseMs * 2 ** attempt)
}
