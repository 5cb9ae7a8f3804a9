/**
 * Makes a clock that follows that of the machine, also over a sleep of the machine, but never goes back: after it was set
 * back, the time goes on from where it was.
 *
 * @param now gives the time of the machine, in milliseconds
 * @returns gives the time as ISO 8601
 */
export function createForwardClock (now: () => number = Date.now): () => string {
  let latest = -Infinity
  let ahead = 0
  return () => {
    const time = now()
    ahead = Math.max(ahead, latest - time)
    latest = time + ahead
    return new Date(latest).toISOString()
  }
}
