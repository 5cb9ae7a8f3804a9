/** The pause between two attempts, in milliseconds: doubled from the least to the most. */
const LEAST_PAUSE_MS = 500
const MOST_PAUSE_MS = 8_000

/** Repeats a failed attempt, each time after a longer pause. The jitter keeps the topics from asking all at once. */
export class RetryTimer {
  readonly #retry: () => void
  #timer: NodeJS.Timeout | null = null
  #pauseMs = LEAST_PAUSE_MS

  constructor (retry: () => void) {
    this.#retry = retry
  }

  /** Schedules an attempt, unless one is scheduled already. */
  later (): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#retry()
    }, this.#pauseMs * (0.5 + Math.random()))
    this.#pauseMs = Math.min(MOST_PAUSE_MS, this.#pauseMs * 2)
  }

  /** The attempt has succeeded: the next pause is short again. */
  succeed (): void {
    this.#pauseMs = LEAST_PAUSE_MS
  }

  stop (): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
