import { levelRank, msOf, parseCursor, seqOf, type EventId } from '@runcast/protocol'
import type { StreamQuery } from '../../schemas/stream-query.ts'
import type { Gap, Resume } from '../run-log/gap.ts'
import type { From, LogFacts } from '../run-log/run-log.ts'
import { createFilter, type Filter } from './filter.ts'
import { graceLeft } from './grace.ts'

/** What a client asked of a stream. */
export interface StreamRequest {
  readonly from: From
  readonly filter: Filter
  /** The text that came as a cursor and is none; null otherwise. */
  readonly unknownId: string | null
}

/** What the log says of a place that was asked for. */
export interface Judged {
  readonly facts: LogFacts
  readonly resume: Resume
}

/** How much of a text that is no cursor is quoted back. */
const MAX_QUOTED_CHARACTERS = 128

/**
 * Reads what a client asked. A cursor beats `from`, `tail` and `since`; the header beats the query. A malformed
 * cursor in the header is not refused, since EventSource can't see a refusal and would never come back.
 *
 * @param header the Last-Event-ID header; undefined or empty without one
 * @returns null when the query holds a cursor or a time that can't be one
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
    const ms = Date.parse(query.since)
    return Number.isNaN(ms) ? null : { at: 'since', ms: Math.max(0, ms) }
  }
  return query.from === 'now' ? { at: 'end' } : { at: 'first' }
}

/** The gap that a stream opens with: what the log says, or that the cursor was none. */
export function openingGap (request: StreamRequest, page: Judged): Gap | null {
  if (request.unknownId === null) return page.resume.gap
  return { reason: 'unknown_id', requested: request.unknownId, lost: null }
}

/** The id of the first frame: the cursor asked for, or, without one, the id before the first event sent. */
export function openingPosition (request: StreamRequest, page: Judged): EventId {
  return request.from.at === 'cursor' ? request.from.cursor : page.resume.position
}

/**
 * Whether there is nothing to come for this cursor, so that EventSource should stop for good: the run is finished,
 * its grace is over and the cursor at its end; or the cursor is the one that the end of a forgotten run gave.
 */
export function isAtTheEnd (request: StreamRequest, facts: LogFacts, graceMs: number): boolean {
  if (request.from.at !== 'cursor') return false
  const { cursor } = request.from
  if (!facts.exists) return seqOf(cursor) === 0 && msOf(cursor) > 0
  return cursor === facts.last && graceLeft(facts, graceMs) === 0
}
