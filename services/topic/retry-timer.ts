import { backoffMs } from '@runcast/protocol'

const BACKOFF = { baseMs: 1_000, maxMs: 16_000 }

/** Repeats a failed attempt, each time after a longer pause. The jitter keeps the topics from asking all at once. */
export class RetryTimer {
  readonly #retry: () => void
  #timer: NodeJS.Timeout | null = null
  #failures = 0

  constructor (retry: () => void) {
    this.#retry = retry
  }

  /** Schedules an attempt, unless one is scheduled already. */
  later (): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#retry()
    }, backoffMs(this.#failures++, BACKOFF))
  }

  /** The attempt has succeeded: the next pause is short again. */
  succeed (): void {
    this.#failures = 0
  }

  stop (): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
