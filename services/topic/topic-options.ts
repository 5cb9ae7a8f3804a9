import type { GapReason } from '../run-log/gap.ts'
import type { RunLog } from '../run-log/run-log.ts'
import type { TerminalStatuses } from '../run-log/terminal-statuses.ts'

/** Counts the repairs and gaps of all topics. */
export interface TopicObserver {
  /** A topic read from the log so many events that its channel had not brought. */
  repaired (events: number): void
  /** So many followers were told of a gap. */
  gap (reason: GapReason, followers: number): void
}

export interface TopicOptions {
  readonly log: RunLog
  /** The time after the last event of a finished run in which stragglers may come, in milliseconds. */
  readonly graceMs: number
  readonly terminalStatuses: TerminalStatuses
  readonly observer: TopicObserver
  /** A follower with a longer backlog than this leaves the lane, in bytes; 256 KiB if not given. */
  readonly lagBytes?: number
}
