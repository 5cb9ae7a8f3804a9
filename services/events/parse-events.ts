import { isUtf8 } from 'node:buffer'
import { DEFAULT_EVENT_TYPE, MAX_BATCH_EVENTS, MAX_JSON_DEPTH } from '@runcast/protocol'
import type { NewEvent } from '../run-log/run-log.ts'
import { EmptyBatchError, EventTooLargeError, InvalidEncodingError, InvalidEventError, InvalidJsonError, JsonTooDeepError, TooManyEventsError } from './errors.ts'
import { EVENT_FIELDS, isPublishedId, isPublishedType, newEvent, type EventLimits } from './event-fields.ts'
import { compactText, JsonTextError, scanValue, skipSpace, walkArray, walkObject, type RawValue } from './json-text.ts'

/** The format of a request body. */
export type BodyKind = 'json' | 'ndjson'

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
 * Decodes UTF-8 without repairing anything.
 *
 * @throws InvalidEncodingError
 */
function decodeUtf8 (bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new InvalidEncodingError('The body is not valid UTF-8.').at('body', '')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw new InvalidEncodingError('The body begins with a byte order mark. Send it without.').at('body', '')
  return text
}

function parseJson (text: string, limits: EventLimits): NewEvent[] {
  const start = skipSpace(text, 0)
  if (text[start] === '{') return [readOnlyEvent(text, '', limits)]
  if (text[start] !== '[') throw notAnEvent(text, start, '')
  const events: NewEvent[] = []
  const end = located('', () => walkArray(text, start, (at) => {
    const path = `/${events.length}`
    if (events.length === MAX_BATCH_EVENTS) throw tooMany()
    const { event, end } = readEvent(text, at, path, limits)
    events.push(event)
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
    events.push(readOnlyEvent(text.slice(start, end), `/${events.length}`, limits))
  }
  return events
}

/** Reads the one event that a text consists of. */
function readOnlyEvent (text: string, path: string, limits: EventLimits): NewEvent {
  const { event, end } = readEvent(text, skipSpace(text, 0), path, limits)
  if (skipSpace(text, end) !== text.length) throw notJson(path)
  return event
}

/** Reads an event. Members without a meaning are ignored, but are JSON as everything in a body. */
function readEvent (text: string, start: number, path: string, limits: EventLimits): { event: NewEvent, end: number } {
  if (text[start] !== '{') throw notAnEvent(text, start, path)
  const fields = new Map<string, RawValue>()
  const end = located(path, () => walkObject(text, start, (name, at) => {
    const isKnown = EVENT_FIELDS.has(name)
    const value = scanValue(text, at, isKnown ? MAX_JSON_DEPTH : Infinity)
    if (!isKnown) parseValue(value, `${path}/${pointer(name)}`)
    else if (fields.has(name)) throw invalidEvent(`${path}/${name}`, 'A field of an event may be given only once.')
    else fields.set(name, value)
    return value.end
  }))
  return { event: toEvent(fields, path, limits), end }
}

function toEvent (fields: ReadonlyMap<string, RawValue>, path: string, limits: EventLimits): NewEvent {
  const payload = fields.get('payload')
  if (payload === undefined) throw invalidEvent(`${path}/payload`, 'An event needs a payload.')
  const value = parseValue(payload, `${path}/payload`)
  const data = compactText(payload)
  if (Buffer.byteLength(data) > limits.maxEventBytes) {
    throw new EventTooLargeError(limits.maxEventBytes).at('body', `${path}/payload`)
  }
  const type = readType(fields.get('event_type'), `${path}/event_type`)
  return newEvent({ type, data, value, id: readEventId(fields.get('event_id'), `${path}/event_id`) }, limits)
}

function readType (field: RawValue | undefined, path: string): string {
  const type = field === undefined ? null : parseValue(field, path)
  if (type === null) return DEFAULT_EVENT_TYPE
  if (!isPublishedType(type)) {
    throw invalidEvent(path, 'An event_type is a letter, then up to 63 of A-Z a-z 0-9 _ . : -. It does not begin with stream_, and publish_refused is written by the service alone.')
  }
  return type
}

function readEventId (field: RawValue | undefined, path: string): string | null {
  const id = field === undefined ? null : parseValue(field, path)
  if (id !== null && !isPublishedId(id)) throw invalidEvent(path, 'An event_id is a string of 1 to 128 visible ASCII characters.')
  return id
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

/** Makes the name of a field a part of a JSON Pointer. It is cut, since it comes back in the answer. */
function pointer (name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}
