import { EVENT_ID_PATTERN } from './patterns.ts'

/** The id of an entry of a run log, `<ms>-<seq>`; as a follower's cursor, the id of the last event it has. */
export type EventId = string

/** The cursor before the first event of any run. */
export const ORIGIN: EventId = '0-0'

/** An event id taken apart: `ms` is the append time in milliseconds since 1970, `seq` the event's number within the run. */
export interface EventIdParts {
  readonly ms: number
  readonly seq: number
}

const SHAPE = /* @__PURE__ */ new RegExp(EVENT_ID_PATTERN)

/**
 * Reads a cursor that a client sent.
 *
 * @returns the cursor, or null when the text is not an event id with two safe integers
 */
export function parseCursor (text: string): EventId | null {
  const match = SHAPE.exec(text)
  if (match === null) return null
  return Number.isSafeInteger(Number(match[1])) && Number.isSafeInteger(Number(match[2])) ? text : null
}

/**
 * Takes an event id apart.
 *
 * @throws RangeError when the text is not an event id
 */
export function splitEventId (id: EventId): EventIdParts {
  const match = SHAPE.exec(id)
  if (match === null) throw new RangeError('not an event id')
  return { ms: Number(match[1]), seq: Number(match[2]) }
}

/** Joins append time (milliseconds since 1970) and number within the run to an event id. */
export function joinEventId (ms: number, seq: number): EventId {
  return `${ms}-${seq}`
}

/** The number of an event within its run; 0 for a cursor before the first. Takes well-formed ids only. */
export function seqOf (id: EventId): number {
  return Number(id.slice(id.indexOf('-') + 1))
}

/** The append time of an event in milliseconds since 1970. Takes well-formed ids only. */
export function msOf (id: EventId): number {
  return Number.parseInt(id, 10)
}

/** Tells if an event lies at or before a cursor, by both parts of its id: an event of another history is news. */
export function isAtOrBefore (id: EventId, cursor: EventId): boolean {
  return msOf(id) <= msOf(cursor) && seqOf(id) <= seqOf(cursor)
}
