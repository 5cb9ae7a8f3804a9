import type { Gap } from '../run-log/gap.ts'
import type { RunLog } from '../run-log/run-log.ts'

/** What topics tell whoever counts. */
export interface TopicObserver {
  /** A topic read from the log what its channel had not brought. */
  repaired (events: number): void
  /** Followers were told of a gap. */
  gap (reason: Gap['reason'], followers: number): void
  /** A follower was too slow for the lane. */
  fellBack (): void
}

export interface TopicOptions {
  readonly log: RunLog
  readonly graceMs: number
  readonly terminalStatuses: ReadonlySet<string>
  readonly observer: TopicObserver
  /** Over this many bytes not taken a follower leaves the lane; 256 KiB if not given. */
  readonly lagBytes?: number
}
