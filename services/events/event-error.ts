/** What can be wrong with what a publisher sent. */
export type EventErrorCode =
  | 'invalid_encoding'
  | 'invalid_json'
  | 'json_too_deep'
  | 'invalid_event'
  | 'empty_batch'
  | 'too_many_events'
  | 'event_too_large'

/** A fault in what a publisher sent. The message is one sentence for the publisher and holds nothing of the service's inside. */
export class EventError extends Error {
  readonly code: EventErrorCode
  /** 400, or 413 where something is too large. */
  readonly status: 400 | 413
  /** Where in the body the fault is, as a JSON Pointer; `''` is the whole body, `/3/event_type` a field of its fourth event. */
  readonly path: string

  constructor (code: EventErrorCode, path: string, message: string) {
    super(message)
    this.name = 'EventError'
    this.code = code
    this.status = code === 'too_many_events' || code === 'event_too_large' ? 413 : 400
    this.path = path
  }
}
