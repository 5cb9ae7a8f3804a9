/** A smaller difference comes from the transport and from the Date header, which is cut to seconds. */
const NOTABLE_MS = 2_000

let aheadMs = 0

/**
 * Compares this machine's clock with the service's, so that running times are right where this clock is wrong.
 *
 * @param header the Date header of an answer of the service
 * @param now the time at which the answer came, in milliseconds since 1970
 */
export function noteServerTime (header: string | null, now: number): void {
  const ahead = now - Date.parse(header ?? '')
  if (!Number.isNaN(ahead)) aheadMs = Math.abs(ahead) < NOTABLE_MS ? 0 : ahead
}

/** The service's time as far as it is known, in milliseconds since 1970. */
export function serverNow (): number {
  return Date.now() - aheadMs
}
