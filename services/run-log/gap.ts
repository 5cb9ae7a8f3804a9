import type { EventId } from '@runcast/protocol'

/** Why a follower can't have some events: trimmed or expired, a history that differs from its own, a cursor never given. */
export type GapReason = 'expired' | 'forked' | 'unknown_id'

/** What a follower is told when something is missing. */
export interface Gap {
  readonly reason: GapReason
  /** The cursor asked for; null without one. */
  readonly requested: EventId | null
  /** How many events of the present history are missing; null when that can't be known. */
  readonly lost: number | null
}

/** Where a page stands: the id before its first event, and the gap before that, if any. */
export interface Resume {
  readonly position: EventId
  readonly gap: Gap | null
}
