import type { Logger } from '../logging/logger.ts'

/** The least time between two log lines about one run, in milliseconds. */
const LOG_INTERVAL_MS = 60_000

/** The most runs that are logged within that time. Messages of further runs are only counted. */
const MAX_LOGGED_RUNS = 1_000

const MAX_NAME_CHARACTERS = 200

/** Counts the plain PUBLISH messages that are never stored, by reason, and logs those that their run does not show. */
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

  /** Counts dropped messages. */
  count (reason: string, messages = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + messages)
  }

  /**
   * Logs a dropped message that no run shows, if the channel was not logged within the last minute. Nothing of its
   * content is logged.
   *
   * @param channelName the run id, or the text in its place in the channel's name
   */
  log (reason: string, channelName: string): void {
    const name = channelName.slice(0, MAX_NAME_CHARACTERS)
    const now = this.#now()
    if (!this.#mayLog(name, now)) return
    this.#silentUntil.set(name, now + LOG_INTERVAL_MS)
    this.#logger.warn({ run_id: name, reason }, 'A plain PUBLISH message was not stored')
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
