import { isUtf8 } from 'node:buffer'
import { DEFAULT_EVENT_TYPE, MAX_JSON_DEPTH } from '@runcast/protocol'
import { TENANT_PATTERN } from '../../schemas/auth.ts'
import type { NewEvent } from '../run-log/run-log.ts'
import { EVENT_FIELDS, isPublishedId, isPublishedType, newEvent, type EventLimits } from './event-fields.ts'
import { compactText, JsonTextError, scanValue, skipSpace, walkObject, type RawValue } from './json-text.ts'
import { mendJson, type JsonFault } from './mend-json.ts'
import { reduceStatusChange } from './reduced-status.ts'

/** An event that came by plain PUBLISH. */
export interface ChannelEvent {
  readonly event: NewEvent
  /** The tenant that the message names; `''` for none. */
  readonly tenant: string
  /** The faults that were mended or left out. */
  readonly mended: ReadonlySet<Mended>
}

/** A fault of a message that is stored all the same. */
export type Mended = JsonFault | 'byte_order_mark' | 'event_id' | 'truncated'

/** A plain PUBLISH message that is no event. */
export interface RefusedMessage {
  /** The code that a publish over HTTP would have got; `repeated_field` for a member that stands there twice. */
  readonly reason: string
  /** The member that has the fault; null when it is the message itself. */
  readonly field: string | null
  /** The tenant that the message names, as far as that can be read; `''` for none. */
  readonly tenant: string
}

/** A larger message is not even read. Redis drops a subscriber for as much, unless it is told otherwise. */
const MAX_MESSAGE_BYTES = 33_554_432

/** The white space that a payload may have beside its own bytes, as a multiple of them and a rest. */
const SPACING = { times: 4, bytes: 65_536 }

/** The longest text of a member other than the payload, with all its escapes. */
const MAX_SHORT_CHARACTERS = 1_024

/** Stands for the value of a member that nothing can use. */
const UNREADABLE = Symbol('unreadable')

const FIELDS: ReadonlySet<string> = new Set([...EVENT_FIELDS, 'tenant'])
const TENANT = new RegExp(TENANT_PATTERN)
const BYTE_ORDER_MARK = 0xfeff

/**
 * Reads a plain PUBLISH message: one event, and perhaps the `tenant` of its run. Its publisher gets no answer, so a
 * fault is mended where its meaning is certain, and a `status_change` is stored without its riders rather than refused.
 */
export function readChannelMessage (raw: Buffer, limits: EventLimits): ChannelEvent | RefusedMessage {
  if (raw.length > MAX_MESSAGE_BYTES) return { reason: 'event_too_large', field: null, tenant: '' }
  const mended = new Set<Mended>()
  let text = raw.toString('utf8')
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    text = text.slice(1)
    mended.add('byte_order_mark')
  }
  const { fields, repeated, fault } = readFields(text)
  const tenant = repeated.has('tenant') ? undefined : readTenant(fields.get('tenant'))
  const refused = (reason: string, field: string | null): RefusedMessage => ({ reason, field, tenant: tenant ?? '' })
  if (fault !== null) return refused(isUtf8(raw) ? fault : 'invalid_encoding', null)
  for (const field of ['tenant', 'event_type', 'payload']) if (repeated.has(field)) return refused('repeated_field', field)
  if (tenant === undefined) return refused('invalid_event', 'tenant')
  const type = valueOf(fields.get('event_type')) ?? DEFAULT_EVENT_TYPE
  if (!isPublishedType(type)) return refused('invalid_event', 'event_type')
  const payload = fields.get('payload')
  if (payload === undefined) return refused('invalid_event', 'payload')
  const whole = isUtf8(raw) ? readPayload(payload, limits, mended) : 'invalid_encoding'
  const stored = typeof whole === 'string' ? readReduced(type, payload, mended) ?? whole : whole
  if (typeof stored === 'string') return refused(stored, stored === 'invalid_encoding' ? null : 'payload')
  const id = repeated.has('event_id') ? UNREADABLE : valueOf(fields.get('event_id'))
  return { event: newEvent({ type, ...stored, id: usableId(id, mended) }, limits), tenant, mended }
}

function usableId (id: unknown, mended: Set<Mended>): string | null {
  if (isPublishedId(id)) return id
  if (id !== null) mended.add('event_id')
  return null
}

/** Reads the known members, and the names of those that stand there twice. After a fault it has those before it. */
function readFields (text: string): { fields: ReadonlyMap<string, RawValue>, repeated: ReadonlySet<string>, fault: string | null } {
  const fields = new Map<string, RawValue>()
  const repeated = new Set<string>()
  const start = skipSpace(text, 0)
  const read = (fault: string | null) => ({ fields, repeated, fault })
  if (text[start] !== '{') return read(start === text.length ? 'invalid_json' : 'invalid_event')
  try {
    const end = walkObject(text, start, (name, at) => {
      const value = scanValue(text, at, Infinity)
      if (FIELDS.has(name)) {
        if (fields.has(name)) repeated.add(name)
        fields.set(name, value)
      }
      return value.end
    })
    return read(skipSpace(text, end) === text.length ? null : 'invalid_json')
  } catch (error) {
    if (error instanceof JsonTextError) return read('invalid_json')
    throw error
  }
}

/** @returns undefined for a tenant that cannot be used */
function readTenant (field: RawValue | undefined): string | undefined {
  const tenant = field === undefined ? '' : valueOf(field) ?? ''
  return tenant === '' || (typeof tenant === 'string' && TENANT.test(tenant)) ? tenant : undefined
}

/** @returns the payload, or the code of its fault */
function readPayload (payload: RawValue, { maxEventBytes }: EventLimits, mended: Set<Mended>): { data: string, value: unknown } | string {
  if (payload.raw.length > maxEventBytes * SPACING.times + SPACING.bytes) return 'event_too_large'
  if (payload.depth > MAX_JSON_DEPTH) return 'json_too_deep'
  const { text, value } = parseMended(payload, mended)
  if (value === undefined) return 'invalid_json'
  return Buffer.byteLength(text) > maxEventBytes ? 'event_too_large' : { data: text, value }
}

/** Parses the payload as it is, or mended; the value is undefined when it is no JSON at all. */
function parseMended (payload: RawValue, mended: Set<Mended>): { text: string, value: unknown } {
  const value = parse(payload.raw)
  if (value !== undefined) return { text: compactText(payload), value }
  const { text: raw, faults } = mendJson(payload.raw)
  const mendedValue = parse(raw)
  if (mendedValue !== undefined) for (const fault of faults) mended.add(fault)
  return { text: compactText({ ...payload, raw }), value: mendedValue }
}

function readReduced (type: string, payload: RawValue, mended: Set<Mended>): { data: string, value: unknown } | null {
  const value = type === 'status_change' ? reduceStatusChange(payload) : null
  if (value === null) return null
  mended.add('truncated')
  return { data: JSON.stringify(value), value }
}

/** The value of a short member: null when it is not there, UNREADABLE when it is too long or no JSON. */
function valueOf (field: RawValue | undefined): unknown {
  if (field === undefined) return null
  if (field.raw.length > MAX_SHORT_CHARACTERS) return UNREADABLE
  const value = parse(mendJson(field.raw).text)
  return value === undefined ? UNREADABLE : value
}

function parse (raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}
