import { isEventType, isRunId } from '@runcast/protocol'
import { RuncastError } from './errors.ts'

/** An event on its way to the service. */
export type NewEvent = {
  /** Such as `log`. Defaults to `message`. */
  readonly event_type?: string
  /** The publisher's own name for this event. Published again under it within ten minutes, the event is stored once. */
  readonly event_id?: string
} & Payload

/** The payload as a value, or as JSON text where a value would not be exact (2^60). */
type Payload =
  | { readonly payload: unknown, readonly payload_json?: never }
  | { readonly payload_json: string, readonly payload?: never }

/** @throws RuncastError `invalid_run_id` */
export function checkRunId (runId: string): void {
  if (!isRunId(runId)) throw new RuncastError('invalid_run_id', `"${runId}" can not be a run id.`)
}

/**
 * Writes an event as one JSON object for the service.
 *
 * @throws RuncastError `invalid_event` for a type that the service would refuse or a payload that is not JSON
 */
export function encodeEvent (event: NewEvent): string {
  const { event_type: type, event_id: eventId } = event
  if (type !== undefined && !isEventType(type)) {
    throw new RuncastError('invalid_event', `"${type}" can not be an event_type.`)
  }
  const typeField = type === undefined ? '' : `"event_type":${JSON.stringify(type)},`
  const idField = eventId === undefined ? '' : `"event_id":${JSON.stringify(eventId)},`
  return `{${typeField}${idField}"payload":${payloadText(event)}}`
}

function payloadText (event: NewEvent): string {
  try {
    // JSON.stringify gives undefined for functions and the like, and JSON.parse refuses undefined.
    const text = event.payload_json ?? JSON.stringify(event.payload)
    JSON.parse(text)
    return text
  } catch (cause) {
    throw new RuncastError('invalid_event', 'A payload must be JSON.', { cause })
  }
}
