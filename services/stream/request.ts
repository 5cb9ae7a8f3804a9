import { levelRank, msOf, parseCursor, seqOf, type EventId } from '@runcast/protocol'
import type { StreamQuery } from '../../schemas/stream-query.ts'
import type { StreamExplanation } from '../../schemas/stream.ts'
import type { Gap } from '../run-log/gap.ts'
import type { From, LogFacts, Page } from '../run-log/run-log.ts'
import { createFilter, type Filter } from '../topic/filter.ts'
import { graceLeft } from '../topic/grace.ts'

/** A client's request for a stream. */
export interface StreamRequest {
  readonly from: From
  readonly filter: Filter
  /** The text of a malformed cursor; null without one. */
  readonly unknownId: string | null
}

/** The settings that a decision depends on. */
export interface DecisionRules {
  readonly graceMs: number
  /** True where a client without a cursor may not wait for a run that does not exist yet. */
  readonly refusesUnknown: boolean
}

/** The answer to a request for a stream. */
export interface Decision {
  /** A gap's reason, the mode of a stream without one, or a refusal. */
  readonly kind: StreamExplanation['decision'] | 'not_found'
  /** The gap that the stream begins with; null without one. */
  readonly gap: Gap | null
}

/** The most characters of a malformed cursor that are quoted back. */
const MAX_QUOTED_CHARACTERS = 128

/**
 * Reads a request. A cursor beats `from`, `tail` and `since`; the header beats the query. A malformed cursor in the
 * header is not refused: EventSource can't see a refusal and would never come back.
 *
 * @param header the Last-Event-ID header; undefined or empty without one
 * @returns null when the query holds a malformed cursor
 */
export function readStreamRequest (header: string | undefined, query: StreamQuery): StreamRequest | null {
  const minLevel = query.min_level === undefined ? null : levelRank(query.min_level)
  const filter = createFilter(query.event_types?.split(',') ?? null, minLevel)
  if (header !== undefined && header !== '') {
    const cursor = parseCursor(header)
    return cursor === null
      ? { from: { at: 'first' }, filter, unknownId: header.slice(0, MAX_QUOTED_CHARACTERS) }
      : { from: { at: 'cursor', cursor }, filter, unknownId: null }
  }
  const from = readFrom(query)
  return from === null ? null : { from, filter, unknownId: null }
}

function readFrom (query: StreamQuery): From | null {
  const text = query.last_event_id ?? query.lastEventId
  if (text !== undefined) {
    const cursor = parseCursor(text)
    return cursor === null ? null : { at: 'cursor', cursor }
  }
  if (query.tail !== undefined) return query.tail === 0 ? { at: 'end' } : { at: 'tail', count: query.tail }
  if (query.since !== undefined) {
    // RFC 3339 has leap seconds, which Date.parse does not know.
    return { at: 'since', ms: Math.max(0, Date.parse(query.since.replace(/:60(?=[.Zz+-])/, ':59'))) }
  }
  return query.from === 'now' ? { at: 'end' } : { at: 'first' }
}

/** Decides how a request is answered, by the log's word on the place that it asks for. No other code decides that. */
export function decide (request: StreamRequest, { facts, resume }: Pick<Page, 'facts' | 'resume'>, rules: DecisionRules): Decision {
  const cursor = request.from.at === 'cursor' ? request.from.cursor : null
  if (cursor !== null && isAtTheEnd(cursor, facts, rules.graceMs)) return { kind: 'no_content', gap: null }
  const gap: Gap | null = request.unknownId === null ? resume.gap : { reason: 'unknown_id', requested: request.unknownId, lost: null }
  if (gap !== null) return { kind: gap.reason, gap }
  if (facts.exists) return { kind: cursor === null ? 'fresh' : 'resumed', gap }
  return { kind: cursor === null && rules.refusesUnknown ? 'not_found' : 'waiting', gap }
}

/**
 * True where nothing is to come after a cursor, so that EventSource should stop for good: the run is finished, its grace
 * is over and the cursor at its end; or the cursor is the one that the end of a forgotten run gave.
 */
function isAtTheEnd (cursor: EventId, facts: LogFacts, graceMs: number): boolean {
  if (!facts.exists) return seqOf(cursor) === 0 && msOf(cursor) > 0
  return cursor === facts.last && graceLeft(facts, graceMs) === 0
}
