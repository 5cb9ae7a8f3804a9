import { Type, type Static } from 'typebox'

/** The name of one execution of a workflow. Also the path parameter of every route of a run. */
export const RUN_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$'

/** The type of an event. The prefix `stream_` is reserved for the frames of the stream itself. */
export const EVENT_TYPE_PATTERN = '^(?!stream_)[A-Za-z][A-Za-z0-9_.:-]{0,63}$'

/** `<ms>-<seq>`, both without leading zeros: the id of an entry of the run log, and a follower's cursor. */
export const EVENT_ID_PATTERN = '^(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})$'

/** A publisher's own id of an event. */
export const PUBLISHER_EVENT_ID_PATTERN = '^[\\x21-\\x7e]{1,128}$'

/** The event type of an event that the publisher gave none. */
export const DEFAULT_EVENT_TYPE = 'message'

/** The most events that one request may publish. */
export const MAX_BATCH_EVENTS = 1000

/** The largest body that one request may publish, in bytes. */
export const MAX_BODY_BYTES = 8_388_608

/** The deepest nesting of arrays and objects that a payload may have. */
export const MAX_JSON_DEPTH = 64

/** The levels of a `log` event, from the least to the most severe. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const

/** One of the levels of a `log` event. */
export type LogLevel = typeof LOG_LEVELS[number]

export const RunIdSchema = Type.String({
  pattern: RUN_ID_PATTERN,
  description: 'The run: 1 to 128 characters of A-Z a-z 0-9 . _ ~ -, the first a letter or digit.',
  examples: ['build-4711']
})

export const EventTypeSchema = Type.String({
  pattern: EVENT_TYPE_PATTERN,
  description: 'A letter, then up to 63 of A-Z a-z 0-9 _ . : -. The prefix stream_ is reserved.',
  examples: ['log']
})

export const EventIdSchema = Type.String({
  pattern: EVENT_ID_PATTERN,
  description: 'The id of an event, <ms>-<seq>: ms is the append time, seq counts 1, 2, 3, ... within the run.',
  examples: ['1764000000000-42']
})

const PublisherEventIdSchema = Type.String({
  pattern: PUBLISHER_EVENT_ID_PATTERN,
  description: 'The publisher\'s own name for this event: published again within ten minutes it is stored once.'
})

/** What a publisher sends: one event. */
export const PublishedEventSchema = Type.Object({
  event_type: Type.Optional(EventTypeSchema),
  payload: Type.Unknown({ description: 'Any JSON value. Delivered as its own text, white space outside strings removed.' }),
  event_id: Type.Optional(PublisherEventIdSchema)
}, {
  $id: 'PublishedEvent',
  additionalProperties: false,
  description: 'One event as a publisher sends it.',
  examples: [{ event_type: 'log', payload: { level: 'info', message: 'compiling' } }]
})

/** What a publisher sends: one event. */
export type PublishedEvent = Static<typeof PublishedEventSchema>
