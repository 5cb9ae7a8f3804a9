import type { Logger } from '../logging/logger.ts'

/** The least time between two log lines about one run, in milliseconds. */
const LOG_INTERVAL_MS = 60_000

/** The most runs that are logged within that time. Messages of further runs are only counted. */
const MAX_LOGGED_RUNS = 1_000

const SAMPLE_CHARACTERS = 200

/** Counts the plain PUBLISH messages that are never stored, by reason, and logs at most one a minute and run. */
export class DroppedMessages {
  readonly #logger: Logger
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  /** The time at which each run may be logged again. */
  readonly #silentUntil = new Map<string, number>()

  /** @param now the monotonic clock, in milliseconds */
  constructor (logger: Logger, now: () => number) {
    this.#logger = logger
    this.#now = now
  }

  /** The number of dropped messages for each reason. */
  get counts (): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /**
   * Counts dropped messages of one channel, and logs them if the channel was not logged within the last minute.
   *
   * @param channelName the run id, or the text in its place in the channel's name
   * @param sample the message, of which the first 200 characters are logged; null when it is no longer known
   */
  count (reason: string, channelName: string, sample: string | null, messages = 1): void {
    const name = channelName.slice(0, SAMPLE_CHARACTERS)
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + messages)
    const now = this.#now()
    if (!this.#mayLog(name, now)) return
    this.#silentUntil.set(name, now + LOG_INTERVAL_MS)
    const fields = { run_id: name, reason, ...(sample !== null && { sample: sample.slice(0, SAMPLE_CHARACTERS) }) }
    this.#logger.warn(fields, 'A plain PUBLISH message was not stored')
  }

  #mayLog (name: string, now: number): boolean {
    if (now < (this.#silentUntil.get(name) ?? 0)) return false
    // The map is in the order of its times, because a name is deleted before it is set again.
    for (const [other, until] of this.#silentUntil) {
      if (until > now) break
      this.#silentUntil.delete(other)
    }
    return this.#silentUntil.size < MAX_LOGGED_RUNS
  }
}
