/** The share of a flush's own time that may pass before the next one, so that the events of a burst leave together. */
const PAUSE_SHARE = 0.75

/** The longest such pause, in milliseconds. */
const MOST_PAUSE_MS = 5

/** A flush to fewer followers hardly ever takes long enough for a pause, so that its time is not even taken. */
const MANY_FOLLOWERS = 64

/**
 * Schedules the flushes of a lane: one per turn of the event loop. After a long flush, which many followers make, it
 * pauses a little: that costs less than the flush itself and saves many. The pause ends early once as many events have
 * come as left with the last flush, since nothing promises that more would come.
 */
export class FlushScheduler {
  readonly #flush: () => void
  readonly #followers: () => number
  readonly #now = () => this.now()
  #immediate: NodeJS.Immediate | null = null
  #timer: NodeJS.Timeout | null = null
  #pausedUntil = 0
  #queued = 0
  #lastQueued = 0

  /**
   * @param flush writes all queued events
   * @param followers gives the number of the lane's followers
   */
  constructor (flush: () => void, followers: () => number) {
    this.#flush = flush
    this.#followers = followers
  }

  /** Schedules a flush for this many more events. */
  schedule (events: number): void {
    this.#queued += events
    if (this.#queued >= this.#lastQueued) this.#endPause()
    if (this.#immediate !== null || this.#timer !== null) return
    const pauseMs = this.#pausedUntil === 0 ? 0 : this.#pausedUntil - performance.now()
    if (pauseMs >= 1) this.#timer = setTimeout(this.#now, pauseMs)
    else this.#immediate = setImmediate(this.#now)
  }

  /** Flushes at once. */
  now (): void {
    this.cancel()
    this.#lastQueued = this.#queued
    this.#queued = 0
    this.#pausedUntil = 0
    if (this.#followers() < MANY_FOLLOWERS) this.#flush()
    else this.#flushAndPause()
  }

  /** Cancels the scheduled flush. */
  cancel (): void {
    if (this.#immediate !== null) clearImmediate(this.#immediate)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#immediate = this.#timer = null
  }

  #flushAndPause (): void {
    const startedAt = performance.now()
    this.#flush()
    const endedAt = performance.now()
    const pauseMs = Math.min(MOST_PAUSE_MS, (endedAt - startedAt) * PAUSE_SHARE)
    if (pauseMs >= 1) this.#pausedUntil = endedAt + pauseMs
  }

  #endPause (): void {
    if (this.#pausedUntil === 0) return
    this.#pausedUntil = 0
    this.cancel()
  }
}
