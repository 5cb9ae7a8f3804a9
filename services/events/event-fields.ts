import { hash } from 'node:crypto'
import { PUBLISHER_EVENT_ID_PATTERN } from '@runcast/protocol'
import { PUBLISHED_EVENT_TYPE_PATTERN } from '../../schemas/events.ts'
import { effectOf } from '../run-log/effect.ts'
import type { NewEvent } from '../run-log/run-log.ts'
import type { TerminalStatuses } from '../run-log/terminal-statuses.ts'

/** The settings that bound events. */
export interface EventLimits {
  /** The largest payload, in bytes of its UTF-8 text without white space outside strings. */
  readonly maxEventBytes: number
  readonly terminalStatuses: TerminalStatuses
}

/** The parts of an event, read and found to be usable. */
export interface EventParts {
  readonly type: string
  /** The payload as one line of JSON text, and the same parsed. */
  readonly data: string
  readonly value: unknown
  /** The publisher's own id; null for none. */
  readonly id: string | null
}

/** The members of an event that have a meaning. All others are ignored. */
export const EVENT_FIELDS: ReadonlySet<string> = new Set(['event_type', 'payload', 'event_id'])

const EVENT_TYPE = new RegExp(PUBLISHED_EVENT_TYPE_PATTERN)
const EVENT_ID = new RegExp(PUBLISHER_EVENT_ID_PATTERN)

/** Tells if a publisher may give an event this type. */
export function isPublishedType (value: unknown): value is string {
  return typeof value === 'string' && EVENT_TYPE.test(value)
}

/** Tells if a publisher may give an event this id. */
export function isPublishedId (value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value)
}

/** Makes the event for the run log. */
export function newEvent ({ type, data, value, id }: EventParts, { terminalStatuses }: EventLimits): NewEvent {
  const event = { type, data, effect: effectOf(type, value, terminalStatuses) }
  return id === null ? event : { ...event, once: { key: digest(id), bodyHash: digest(`${type}\n${data}`) } }
}

function digest (text: string): string {
  return hash('sha256', text, 'base64url')
}
