import { EVENT_ID_PATTERN, EVENT_TYPE_PATTERN, PUBLISH_REFUSED, PUBLISHER_EVENT_ID_PATTERN, RUN_ID_PATTERN, RUN_ID_RULE } from '@runcast/protocol'
import { Type, type Static } from 'typebox'

/** One to 32 event types, separated by commas. */
export const EVENT_TYPES_PATTERN = `^${EVENT_TYPE_PATTERN.slice(1, -1)}(,${EVENT_TYPE_PATTERN.slice(1, -1)}){0,31}$`

/** The cursor of a list of runs, `<ms>-<run id>`: the place after a run that changed at that time. */
export const RUN_LIST_CURSOR_PATTERN = `^[0-9]{1,16}-${RUN_ID_PATTERN.slice(1)}`

/** The types that a publisher can give. */
export const PUBLISHED_EVENT_TYPE_PATTERN = `^(?!${PUBLISH_REFUSED}$)${EVENT_TYPE_PATTERN.slice(1)}`

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

const orNull = (schema: { readonly pattern: string, readonly description: string }) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...schema })

/** One event as a publisher sends it. */
export const PublishedEventSchema = Type.Object({
  event_type: Type.Optional(orNull({
    pattern: PUBLISHED_EVENT_TYPE_PATTERN,
    description: `A letter, then up to 63 of A-Z a-z 0-9 _ . : -; null and none are message. The prefix stream_ and the type ${PUBLISH_REFUSED} are the service's own.`
  })),
  payload: Type.Unknown({ description: 'Any JSON value. Delivered as its own text, white space outside strings removed.' }),
  event_id: Type.Optional(orNull({
    pattern: PUBLISHER_EVENT_ID_PATTERN,
    description: 'The publisher\'s own name for this event: published again within ten minutes it is stored once. Null is none.'
  }))
}, {
  $id: 'PublishedEvent',
  description: 'One event as a publisher sends it. Further members are ignored.',
  examples: [{ event_type: 'log', payload: { level: 'info', message: 'compiling' } }]
})

/** The payload of a `publish_refused` event. */
export const PublishRefusedSchema = Type.Object({
  reason: Type.String({ description: 'The fault: the code that a publish over HTTP would have been answered with, repeated_field, or overflow.', examples: ['event_too_large'] }),
  field: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The member of the message that has the fault; null when it is the message itself.' }),
  bytes: Type.Integer({ description: 'The size of these messages together.' }),
  count: Type.Integer({ description: 'The number of messages.' })
}, {
  $id: 'PublishRefused',
  description: 'The payload of a publish_refused event: plain PUBLISH messages of this run could not be stored. The service alone writes it, at most once a second for each fault.',
  examples: [{ reason: 'invalid_event', field: 'payload', bytes: 24, count: 3 }]
})

/** The payload of a `publish_refused` event. */
export type PublishRefused = Static<typeof PublishRefusedSchema>

/** One event as a publisher sends it. */
export type PublishedEvent = Static<typeof PublishedEventSchema>
