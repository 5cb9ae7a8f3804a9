/** A difference below this is in the second that a Date header is cut to and in the time of transport. */
const NOTABLE_MS = 2_000

let aheadMs = 0

/**
 * Compares this machine's clock with the service's, so that running times are right on a machine whose clock is wrong.
 *
 * @param header the Date header of an answer of the service
 * @param now when it came, milliseconds since 1970
 */
export function noteServerTime (header: string | null, now: number): void {
  const ahead = now - Date.parse(header ?? '')
  if (!Number.isNaN(ahead)) aheadMs = Math.abs(ahead) < NOTABLE_MS ? 0 : ahead
}

/** The service's time, as far as known: milliseconds since 1970. */
export function serverNow (): number {
  return Date.now() - aheadMs
}
