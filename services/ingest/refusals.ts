import type { Logger } from '../logging/logger.ts'

/** A run's refused messages are logged at most this often, in milliseconds. */
const LOG_INTERVAL_MS = 60_000

/** For so many runs within that time; the rest is only counted. */
const MAX_LOGGED_RUNS = 1_000

const SAMPLE_CHARACTERS = 200

/** Counts plain PUBLISH messages that are not stored, by reason, and logs at most one a minute and run. */
export class Refusals {
  readonly #logger: Logger
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  /** When each run may be logged again. */
  readonly #silentUntil = new Map<string, number>()

  /** @param now the monotonic clock, in milliseconds */
  constructor (logger: Logger, now: () => number) {
    this.#logger = logger
    this.#now = now
  }

  /** How many messages were refused for each reason. */
  get counts (): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /**
   * Notes refused messages.
   *
   * @param channelName the run, or whatever the channel names
   * @param sample the message, of which the first 200 characters are logged; null when it isn't known any more
   */
  note (reason: string, channelName: string, sample: string | null, count = 1): void {
    const name = channelName.slice(0, SAMPLE_CHARACTERS)
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count)
    const now = this.#now()
    if (!this.#mayLog(name, now)) return
    this.#silentUntil.set(name, now + LOG_INTERVAL_MS)
    const fields = { run_id: name, reason, ...(sample !== null && { sample: sample.slice(0, SAMPLE_CHARACTERS) }) }
    this.#logger.warn(fields, 'A plain PUBLISH message was not stored')
  }

  #mayLog (name: string, now: number): boolean {
    if (now < (this.#silentUntil.get(name) ?? 0)) return false
    // In the order of their times, as a name that is set again has been deleted before.
    for (const [other, until] of this.#silentUntil) {
      if (until > now) break
      this.#silentUntil.delete(other)
    }
    return this.#silentUntil.size < MAX_LOGGED_RUNS
  }
}
