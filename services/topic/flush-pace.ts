/** How much of the time that a flush took may pass before the next one, so that what comes in a burst leaves together. */
const PAUSE_SHARE = 0.75

/** The longest such pause, in milliseconds. */
const MOST_PAUSE_MS = 5

/** A flush to fewer followers hardly ever takes long enough for a pause, so that its time is not even taken. */
const MANY_FOLLOWERS = 64

/**
 * Flushes once per turn of the event loop; a lane whose flush takes long, since many follow it, rests a little after
 * each, which costs less than the flush itself and saves many. It does not rest longer than until as much has come as
 * left the last time: there is no sign that more would.
 */
export class FlushPace {
  readonly #flush: () => void
  readonly #followers: () => number
  readonly #now = () => this.now()
  #immediate: NodeJS.Immediate | null = null
  #timer: NodeJS.Timeout | null = null
  #restUntil = 0
  #queued = 0
  #lastQueued = 0

  /**
   * @param flush writes what is queued
   * @param followers how many followers the lane has
   */
  constructor (flush: () => void, followers: () => number) {
    this.#flush = flush
    this.#followers = followers
  }

  /** So many events more are queued. */
  want (events: number): void {
    this.#queued += events
    if (this.#queued >= this.#lastQueued) this.#endRest()
    if (this.#immediate !== null || this.#timer !== null) return
    const restMs = this.#restUntil === 0 ? 0 : this.#restUntil - performance.now()
    if (restMs >= 1) this.#timer = setTimeout(this.#now, restMs)
    else this.#immediate = setImmediate(this.#now)
  }

  /** Flushes at once. */
  now (): void {
    this.cancel()
    this.#lastQueued = this.#queued
    this.#queued = 0
    this.#restUntil = 0
    if (this.#followers() < MANY_FOLLOWERS) this.#flush()
    else this.#flushAndRest()
  }

  cancel (): void {
    if (this.#immediate !== null) clearImmediate(this.#immediate)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#immediate = this.#timer = null
  }

  #flushAndRest (): void {
    const startedAt = performance.now()
    this.#flush()
    const endedAt = performance.now()
    const pauseMs = Math.min(MOST_PAUSE_MS, (endedAt - startedAt) * PAUSE_SHARE)
    if (pauseMs >= 1) this.#restUntil = endedAt + pauseMs
  }

  #endRest (): void {
    if (this.#restUntil === 0) return
    this.#restUntil = 0
    this.cancel()
  }
}
