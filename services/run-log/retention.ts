/** The bounds of every run's log. */
export interface Retention {
  readonly maxEvents: number
  readonly maxBytes: number
  /**
   * The time after the last event, in seconds. An append fixes the end of its run with it. A change of the setting
   * touches nothing that is kept: an append never brings the end forward.
   */
  readonly ttlSeconds: number
}

/** The time by which a run's state outlives its log, so that cursors can be judged and `seq` goes on. */
export const STATE_EXTRA_TTL_SECONDS = 7 * 86_400

/** The time for which an append id is remembered. */
export const APPEND_ID_TTL_MS = 60_000

/** The time for which an idempotency key or a publisher's event id is remembered. */
export const ONCE_TTL_MS = 600_000

/** Signs of life are told to those who watch all runs once in this time, in milliseconds. */
export const HEARD_NEWS_MS = 30_000

/** The most silent runs that are looked for at once. */
export const MAX_SILENT_RUNS = 100

/** The most steps whose state is kept per run; later ones are only in the log. */
export const MAX_STEPS = 1_000

/** The most characters of the last log line that the state keeps. */
export const MAX_LAST_LOG_CHARACTERS = 500
