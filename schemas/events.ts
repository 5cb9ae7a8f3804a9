import { EVENT_ID_PATTERN, EVENT_TYPE_PATTERN, PUBLISHER_EVENT_ID_PATTERN, RUN_ID_PATTERN, RUN_ID_RULE } from '@runcast/protocol'
import { Type, type Static } from 'typebox'

/** One to 32 event types, separated by commas. */
export const EVENT_TYPES_PATTERN = `^${EVENT_TYPE_PATTERN.slice(1, -1)}(,${EVENT_TYPE_PATTERN.slice(1, -1)}){0,31}$`

/** The cursor of a list of runs, `<ms>-<run id>`: the place after a run that changed at that time. */
export const RUN_LIST_CURSOR_PATTERN = `^[0-9]{1,16}-${RUN_ID_PATTERN.slice(1)}`

export const RunIdSchema = Type.String({
  pattern: RUN_ID_PATTERN,
  description: `The run: ${RUN_ID_RULE}.`,
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

/** One event as a publisher sends it. */
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

/** One event as a publisher sends it. */
export type PublishedEvent = Static<typeof PublishedEventSchema>
