import { MAX_BATCH_EVENTS, MAX_JSON_DEPTH } from '@runcast/protocol'
import { defineProblem } from '../problems/problem-error.ts'

/** The bytes are not the UTF-8 of a JSON text. */
export class InvalidEncodingError extends defineProblem<[sentence: string]>('invalid_encoding', 400, '%s') {}

export class InvalidJsonError extends defineProblem('invalid_json', 400, 'The body is not valid JSON.') {}

export class JsonTooDeepError extends defineProblem('json_too_deep', 400, `Arrays and objects may be nested at most ${MAX_JSON_DEPTH} deep.`) {}

/** The JSON is not an event. */
export class InvalidEventError extends defineProblem<[sentence: string]>('invalid_event', 400, '%s') {}

export class EmptyBatchError extends defineProblem('empty_batch', 400, 'The body holds no event. Send at least one.') {}

export class TooManyEventsError extends defineProblem('too_many_events', 413, `One request may publish at most ${MAX_BATCH_EVENTS} events. Send the rest in another.`) {}

export class EventTooLargeError extends defineProblem<[maxBytes: number]>('event_too_large', 413, 'A payload may have at most %d bytes.') {}
