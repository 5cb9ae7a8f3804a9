import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { DEFAULT_EVENT_TYPE, EVENT_TYPE_PATTERN, MAX_BATCH_EVENTS, MAX_JSON_DEPTH, PUBLISHER_EVENT_ID_PATTERN } from '@runcast/protocol'
import { TENANT_PATTERN } from '../../schemas/auth.ts'
import { effectOf } from '../run-log/effect.ts'
import type { NewEvent } from '../run-log/run-log.ts'
import { EmptyBatchError, EventTooLargeError, InvalidEncodingError, InvalidEventError, InvalidJsonError, JsonTooDeepError, TooManyEventsError } from './errors.ts'
import { JsonTextError, scanValue, skipSpace, splitObject, walkArray, type RawMember, type RawValue } from './json-text.ts'

/** The settings that bound events. */
export interface EventLimits {
  /** The largest payload, in bytes of its UTF-8 text without white space outside strings. */
  readonly maxEventBytes: number
  /** The statuses that end a run, in lower case. */
  readonly terminalStatuses: ReadonlySet<string>
}

/** The format of a request body. */
export type BodyKind = 'json' | 'ndjson'

/** An event that came by plain PUBLISH. */
export interface ChannelEvent {
  readonly event: NewEvent
  /** The tenant that the message names; `''` for none. */
  readonly tenant: string
}

const EVENT_FIELDS: ReadonlySet<string> = new Set(['event_type', 'payload', 'event_id'])
const EVENT_TYPE = new RegExp(EVENT_TYPE_PATTERN)
const EVENT_ID = new RegExp(PUBLISHER_EVENT_ID_PATTERN)
const TENANT = new RegExp(TENANT_PATTERN)
const BYTE_ORDER_MARK = 0xfeff

/**
 * Reads the events of a request body. Payloads keep the publisher's own text without the white space outside strings.
 *
 * @param body the bytes as they came
 * @param kind `json`: one event, or an array of them; `ndjson`: one event a line
 * @returns 1 to 1,000 events, in order
 * @throws the problems of errors.ts, with the place of the first fault
 */
export function parseEvents (body: Uint8Array, kind: BodyKind, limits: EventLimits): NewEvent[] {
  const text = decodeUtf8(body)
  const events = kind === 'json' ? parseJson(text, limits) : parseLines(text, limits)
  if (events.length === 0) throw new EmptyBatchError().at('body', '')
  return events
}

/**
 * Reads a plain PUBLISH message: one event, and perhaps the `tenant` of its run. Other fields are ignored.
 *
 * @throws the problems of errors.ts
 */
export function parseChannelMessage (text: string, limits: EventLimits): ChannelEvent {
  const members = wholeObject(text, '')
  const event = toEvent(members.filter(({ name }) => EVENT_FIELDS.has(name)), '', limits)
  const tenant = members.find(({ name }) => name === 'tenant')
  return { event, tenant: tenant === undefined ? '' : readTenant(tenant) }
}

/**
 * Decodes UTF-8 without repairing anything.
 *
 * @throws InvalidEncodingError
 */
export function decodeUtf8 (bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new InvalidEncodingError('The body is not valid UTF-8.').at('body', '')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw new InvalidEncodingError('The body begins with a byte order mark. Send it without.').at('body', '')
  return text
}

function parseJson (text: string, limits: EventLimits): NewEvent[] {
  const start = skipSpace(text, 0)
  if (text[start] === '{') return [toEvent(wholeObject(text, ''), '', limits)]
  if (text[start] !== '[') throw notAnEvent(text, start, '')
  const events: NewEvent[] = []
  const end = located('', () => walkArray(text, start, (at) => {
    const path = `/${events.length}`
    if (events.length === MAX_BATCH_EVENTS) throw tooMany()
    if (text[at] !== '{') throw notAnEvent(text, at, path)
    const { members, end } = located(path, () => splitObject(text, at, MAX_JSON_DEPTH))
    events.push(toEvent(members, path, limits))
    return end
  }))
  if (skipSpace(text, end) !== text.length) throw notJson('')
  return events
}

function parseLines (text: string, limits: EventLimits): NewEvent[] {
  const events: NewEvent[] = []
  let end: number
  for (let start = skipSpace(text, 0); start < text.length; start = skipSpace(text, end)) {
    const feed = text.indexOf('\n', start)
    end = feed === -1 ? text.length : feed
    if (events.length === MAX_BATCH_EVENTS) throw tooMany()
    const path = `/${events.length}`
    events.push(toEvent(wholeObject(text.slice(start, end), path), path, limits))
  }
  return events
}

/** Reads the members of the one object that a text consists of. */
function wholeObject (text: string, path: string): RawMember[] {
  const start = skipSpace(text, 0)
  if (text[start] !== '{') throw notAnEvent(text, start, path)
  const { members, end } = located(path, () => splitObject(text, start, MAX_JSON_DEPTH))
  if (skipSpace(text, end) !== text.length) throw notJson(path)
  return members
}

function toEvent (members: readonly RawMember[], path: string, limits: EventLimits): NewEvent {
  const fields = new Map<string, RawValue>()
  for (const { name, value } of members) {
    const where = `${path}/${pointer(name)}`
    if (!EVENT_FIELDS.has(name)) throw invalidEvent(where, 'An event has only the fields event_type, payload and event_id.')
    if (fields.has(name)) throw invalidEvent(where, 'A field of an event may be given only once.')
    fields.set(name, value)
  }
  const payload = fields.get('payload')
  if (payload === undefined) throw invalidEvent(`${path}/payload`, 'An event needs a payload.')
  const value = parseValue(payload, `${path}/payload`)
  if (Buffer.byteLength(payload.compact) > limits.maxEventBytes) {
    throw new EventTooLargeError(limits.maxEventBytes).at('body', `${path}/payload`)
  }
  const type = readType(fields.get('event_type'), `${path}/event_type`)
  const event = { type, data: payload.compact, effect: effectOf(type, value, limits.terminalStatuses) }
  const id = fields.get('event_id')
  return id === undefined ? event : { ...event, once: { key: readEventId(id, `${path}/event_id`), bodyHash: digest(`${type}\n${event.data}`) } }
}

function readType (field: RawValue | undefined, path: string): string {
  if (field === undefined) return DEFAULT_EVENT_TYPE
  const type = parseValue(field, path)
  if (typeof type !== 'string' || !EVENT_TYPE.test(type)) {
    throw invalidEvent(path, 'An event_type is a letter, then up to 63 of A-Z a-z 0-9 _ . : -, and does not begin with stream_.')
  }
  return type
}

function readEventId (field: RawValue, path: string): string {
  const id = parseValue(field, path)
  if (typeof id !== 'string' || !EVENT_ID.test(id)) {
    throw invalidEvent(path, 'An event_id is a string of 1 to 128 visible ASCII characters.')
  }
  return digest(id)
}

function readTenant ({ value }: RawMember): string {
  const tenant = parseValue(value, '/tenant')
  if (tenant === null || tenant === '') return ''
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) {
    throw invalidEvent('/tenant', 'A tenant is a name of at most 128 visible ASCII characters without braces.')
  }
  return tenant
}

function parseValue ({ raw }: RawValue, path: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    throw notJson(path)
  }
}

/** Gives a fault of the text its place in the body. */
function located<T> (path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error
    throw error.fault === 'malformed' ? notJson(path) : new JsonTooDeepError().at('body', path)
  }
}

/** Refuses a value in the place of an event: no object, or no JSON at all. */
function notAnEvent (text: string, at: number, path: string): InvalidEventError {
  located(path, () => scanValue(text, at, MAX_JSON_DEPTH))
  return invalidEvent(path, 'An event is a JSON object with event_type, payload and event_id.')
}

function invalidEvent (path: string, sentence: string): InvalidEventError {
  return new InvalidEventError(sentence).at('body', path)
}

function notJson (path: string): InvalidJsonError {
  return new InvalidJsonError().at('body', path)
}

function tooMany (): TooManyEventsError {
  return new TooManyEventsError().at('body', '')
}

function digest (text: string): string {
  return hash('sha256', text, 'base64url')
}

/** Makes the name of a field a part of a JSON Pointer. It is cut, since it comes back in the answer. */
function pointer (name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}
