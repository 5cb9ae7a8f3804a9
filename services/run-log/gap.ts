import type { EventId } from '@runcast/protocol'

/** The reason of a gap: events were trimmed or have expired, the follower's history is another one, or its cursor is none. */
export type GapReason = 'expired' | 'forked' | 'unknown_id'

/** Events that a follower can no longer get. */
export interface Gap {
  readonly reason: GapReason
  /** The cursor asked for; null without one. */
  readonly requested: EventId | null
  /** The number of missing events of the present history; null when it can't be known. */
  readonly lost: number | null
}

/** The place of a page in the log: the id before its first event, and the gap before that id, if any. */
export interface Resume {
  readonly position: EventId
  readonly gap: Gap | null
}
