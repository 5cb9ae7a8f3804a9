import { joinEventId, msOf, ORIGIN, seqOf, splitEventId, type EventId } from '@runcast/protocol'
import type { Gap, Resume } from './gap.ts'
import type { From, LogFacts } from './run-log.ts'

/** The answers that a store looks up beside the facts, in the same atomic step. */
export interface Lookup {
  /** True if the log has an entry with exactly the cursor's id (`at: 'cursor'` only). */
  readonly hasCursor: boolean
  /** The id before the first entry that `tail` or `since` chose. */
  readonly chosen: EventId | null
}

/**
 * Tells if the events after a cursor can be given without a hole: its exact id is in the log, or it is the
 * predecessor of the first entry, or nothing newer was ever appended.
 */
export function continues (cursor: EventId, facts: LogFacts, hasCursor: boolean): boolean {
  if (hasCursor || cursor === facts.last) return true
  if (facts.first !== null) return cursor === facts.first.prev
  return !facts.exists && cursor === ORIGIN
}

/**
 * Judges a cursor against the log: the one place that decides between going on and a gap. Continuity is proved by the
 * exact id, never by `seq` alone.
 *
 * @param ttlSeconds the life of a log after its last event, which tells an expired history from a lost one
 */
export function judge (from: From, facts: LogFacts, lookup: Lookup, ttlSeconds: number): Resume {
  const beforeFirst = facts.first?.prev ?? facts.last
  switch (from.at) {
    case 'cursor':
      return judgeCursor(from.cursor, facts, lookup.hasCursor, beforeFirst, ttlSeconds)
    case 'first':
      return { position: beforeFirst, gap: missingBefore(seqOf(beforeFirst)) }
    case 'end':
      return { position: facts.last, gap: null }
    case 'tail': {
      const position = lookup.chosen ?? (from.count === 0 ? facts.last : beforeFirst)
      const wantedAfter = Math.max(0, seqOf(facts.last) - from.count)
      return { position, gap: missingBefore(seqOf(position) - wantedAfter) }
    }
    case 'since': {
      const position = lookup.chosen ?? facts.last
      const trimmedSince = position === beforeFirst && seqOf(position) > 0 && msOf(position) >= from.ms
      return { position, gap: trimmedSince ? { reason: 'expired', requested: null, lost: null } : null }
    }
  }
}

function judgeCursor (cursor: EventId, facts: LogFacts, hasCursor: boolean, beforeFirst: EventId, ttlSeconds: number): Resume {
  if (continues(cursor, facts, hasCursor)) return { position: cursor, gap: null }
  if (!facts.exists) return judgeWithoutRun(cursor, facts, ttlSeconds)
  const asked = splitEventId(cursor)
  const lost = seqOf(beforeFirst) - asked.seq
  const boundaryMs = facts.first === null ? msOf(facts.last) : msOf(facts.first.id)
  const expired = lost > 0 && asked.ms <= boundaryMs
  return {
    position: beforeFirst,
    gap: { reason: expired ? 'expired' : 'forked', requested: cursor, lost: expired ? lost : null }
  }
}

/** Judges a cursor without log and state: a young one means a lost history, an old one a run that has expired. */
function judgeWithoutRun (cursor: EventId, facts: LogFacts, ttlSeconds: number): Resume {
  const old = msOf(cursor) < facts.now - ttlSeconds * 1000
  if (!old && seqOf(cursor) !== 0) return { position: ORIGIN, gap: { reason: 'forked', requested: cursor, lost: null } }
  return { position: joinEventId(facts.now, 0), gap: { reason: 'expired', requested: cursor, lost: null } }
}

function missingBefore (lost: number): Gap | null {
  return lost > 0 ? { reason: 'expired', requested: null, lost } : null
}
