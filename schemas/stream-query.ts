import { LOG_LEVELS } from '@runcast/protocol'
import { Type, type Static } from 'typebox'
import { EVENT_TYPES_PATTERN, EventIdSchema } from './events.ts'

/** The most events that `tail` asks for. */
const MAX_TAIL = 1_000_000

/** The query parameters of a stream. A cursor beats `from`, `tail` and `since`; others are ignored. */
export const StreamQuerySchema = Type.Object({
  last_event_id: Type.Optional({ ...EventIdSchema, description: 'The cursor, for clients that can\'t send the Last-Event-ID header. The header wins.' }),
  lastEventId: Type.Optional({ ...EventIdSchema, description: 'The same as last_event_id.' }),
  from: Type.Optional(Type.Enum(['now', 'first'], { description: 'now: only events to come; first: everything retained, the default.' })),
  tail: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_TAIL, description: 'The newest events, then live.' })),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'Events from this time on, RFC 3339.' })),
  event_types: Type.Optional(Type.String({ pattern: EVENT_TYPES_PATTERN, description: 'Only these types, separated by commas.', examples: ['log,status_change'] })),
  min_level: Type.Optional(Type.Enum([...LOG_LEVELS, 'warn'], { description: 'The least level of log events. Those without a level pass, other types are not filtered.', examples: ['warning'] })),
  explain: Type.Optional(Type.Boolean({ description: 'true: tells how the stream would be answered now, instead of opening it.' }))
})

export type StreamQuery = Static<typeof StreamQuerySchema>
