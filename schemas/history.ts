import { MAX_BATCH_EVENTS } from '@runcast/protocol'
import { Type, type Static } from 'typebox'
import { EVENT_TYPES_PATTERN, EventIdSchema, EventTypeSchema, RunIdSchema } from './events.ts'

/** The most events of a page unless another number is asked for. */
export const DEFAULT_PAGE_EVENTS = 100

const nullableId = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })

export const EventSchema = Type.Object({
  id: EventIdSchema,
  event_type: EventTypeSchema,
  payload: Type.Unknown({ description: 'The payload, in its publisher\'s own text.' })
}, {
  $id: 'Event',
  description: 'An event of a run log.',
  examples: [{ id: '1764000000000-42', event_type: 'log', payload: { level: 'info', message: 'compiling' } }]
})

export const GapSchema = Type.Object({
  reason: Type.Enum(['expired', 'forked', 'unknown_id'], { description: 'Trimmed or expired; the log contradicts the cursor.' }),
  requested: nullableId('The cursor that was asked for; null without one.'),
  resumed_after: EventIdSchema,
  lost: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'The number of missing events of the present history; null when it can not be known.' })
}, { $id: 'Gap', description: 'Events that are not kept any more. What follows begins after resumed_after.' })

export const EventPageSchema = Type.Object({
  run_id: RunIdSchema,
  events: Type.Array(Type.Unsafe<Static<typeof EventSchema>>({ $ref: 'Event#' }), { description: 'In the order of the log.' }),
  before: nullableId('Asks for what is before this page; null when nothing was read.'),
  after: nullableId('Asks for what is after this page, now or later; null when nothing was read.'),
  more: Type.Boolean({ description: 'True if there is more in the direction that was asked for.' }),
  gap: Type.Unsafe<Static<typeof GapSchema> | null>({ anyOf: [{ $ref: 'Gap#' }, { type: 'null' }] })
}, {
  $id: 'EventPage',
  description: 'A page of a run log.',
  examples: [{
    run_id: 'build-4711',
    events: [{ id: '1764000000000-42', event_type: 'log', payload: { level: 'info', message: 'compiling' } }],
    before: '1764000000000-42',
    after: '1764000000000-42',
    more: false,
    gap: null
  }]
})

export const EventPageQuerySchema = Type.Object({
  after: Type.Optional({ ...EventIdSchema, description: 'Events after this id. Without after and before: from the first event kept.' }),
  before: Type.Optional({ ...EventIdSchema, description: 'The events right before this id.' }),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: DEFAULT_PAGE_EVENTS, description: 'The most events of the page.' })),
  event_types: Type.Optional(Type.String({ pattern: EVENT_TYPES_PATTERN, description: 'Only these types, separated by commas.', examples: ['log,status_change'] }))
})

export const PublishHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'Names this request: sent again within ten minutes it stores nothing and gives the same ids, and the state that the run has now. With another body: 422.',
    examples: ['0b1c6a7e-7c0a-4d5f-9a57-0a7a0e3f2f51']
  })),
  'content-encoding': Type.Optional(Type.String({ description: 'gzip, deflate or br.', examples: ['gzip'] }))
})

export const PublishedIdsSchema = Type.Object({
  ids: Type.Array(EventIdSchema, { minItems: 1, maxItems: MAX_BATCH_EVENTS }),
  run: Type.Object({
    status: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The status of the run now, in lower case.' }),
    terminal: Type.Boolean({ description: 'True if the run has ended: a later status_change is kept in its log and changes nothing. A new life is a new run with retry_of.' })
  })
}, {
  $id: 'PublishedIds',
  description: 'One id per event, in the order of the request. The events are in the log.',
  examples: [{ ids: ['1764000000000-42', '1764000000000-43'], run: { status: 'running', terminal: false } }]
})

const EXAMPLE = { event_type: 'log', payload: { level: 'info', message: 'compiling' } }
const published = Type.Unsafe({ $ref: 'PublishedEvent#' })

/** The body of a publish request, for its documentation. The service reads it itself and keeps the payloads' own text. */
export const publishBody = {
  content: {
    'application/json': {
      schema: Type.Union([published, Type.Array(published, { minItems: 1, maxItems: MAX_BATCH_EVENTS })], {
        examples: [EXAMPLE, [{ event_type: 'status_change', payload: { status: 'running' } }, EXAMPLE]]
      })
    },
    'application/x-ndjson': {
      schema: Type.String({ description: 'One event a line.', examples: [`${JSON.stringify(EXAMPLE)}\n`] })
    }
  }
}

/** The forms in which answers give a run's log, for their documentation. */
export const historyContent = {
  'application/json': { schema: Type.Ref('EventPage#') },
  'application/x-ndjson': {
    schema: Type.Unsafe<unknown>({ type: 'string', description: 'One event a line.' }),
    itemSchema: { anyOf: [{ $ref: 'Event#' }, { type: 'object', required: ['gap'], properties: { gap: { $ref: 'Gap#' } } }] },
    examples: { lines: { value: '{"id":"1764000000000-42","event_type":"log","payload":{"level":"info","message":"compiling"}}\n' } }
  }
}
