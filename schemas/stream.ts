import { Type, type Static } from 'typebox'
import { EventIdSchema, RunIdSchema } from './events.ts'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

export const StreamOpenSchema = Type.Object({
  run_id: RunIdSchema,
  mode: Type.Union([Type.Literal('fresh'), Type.Literal('resumed'), Type.Literal('waiting'), Type.Literal('partial')], {
    description: 'fresh: from the start that was chosen; resumed: right after the cursor; waiting: no such run yet; partial: a stream_gap follows.'
  }),
  position: EventIdSchema,
  status: nullable(Type.String())
}, { $id: 'StreamOpen', description: 'The first frame of every stream.' })

export const StreamGapSchema = Type.Object({
  reason: Type.Union([Type.Literal('expired'), Type.Literal('forked'), Type.Literal('unknown_id')]),
  requested: nullable(Type.String()),
  resumed_after: EventIdSchema,
  lost: nullable(Type.Integer({ minimum: 0 })),
  history_url: Type.String()
}, { $id: 'StreamGap', description: 'Something is missing. What a follower holds after resumed_after is void.' })

export const StreamPositionSchema = Type.Object({ position: EventIdSchema }, {
  $id: 'StreamPosition', description: 'The position of a filtered stream moved without an event.'
})

export const StreamEndSchema = Type.Object({
  status: nullable(Type.String()),
  last_event_id: EventIdSchema,
  events: nullable(Type.Integer({ minimum: 0 })),
  counts: nullable(Type.Record(Type.String(), Type.Integer({ minimum: 0 })))
}, { $id: 'StreamEnd', description: 'The run is finished and its stragglers are in; the response ends.' })

export const StreamCloseSchema = Type.Object({
  reason: Type.Union([
    Type.Literal('shutdown'), Type.Literal('unavailable'), Type.Literal('limit'),
    Type.Literal('max_age'), Type.Literal('token_expired'), Type.Literal('revoked')
  ])
}, { $id: 'StreamClose', description: 'The server ends an unfinished stream; EventSource comes back by itself.' })

export const StreamExplanationSchema = Type.Object({
  decision: Type.Enum(['fresh', 'resumed', 'waiting', 'expired', 'forked', 'unknown_id', 'no_content'], {
    description: 'fresh, resumed, waiting: the mode of stream_open; expired, forked, unknown_id: the reason of the stream_gap that comes next; no_content: 204, nothing is to come.'
  }),
  requested: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The cursor that was asked for; null without one.' }),
  first: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The oldest event that is still kept; null when none is.' }),
  last: { ...EventIdSchema, description: 'The newest event ever stored; 0-0 when none is known.' },
  would_replay: Type.Integer({ minimum: 0, description: 'The number of events that would come before live ones, before any filter.' }),
  lost: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'The number of events that would be missing; null when it can not be known.' })
}, {
  $id: 'StreamExplanation',
  description: 'The answer that a request for a stream would get.',
  examples: [{ decision: 'expired', requested: '1764000000250-2', first: '1764000007000-41', last: '1764000009000-52', would_replay: 12, lost: 38 }]
})

export type StreamOpen = Static<typeof StreamOpenSchema>
export type StreamGap = Static<typeof StreamGapSchema>
export type StreamPosition = Static<typeof StreamPositionSchema>
export type StreamEnd = Static<typeof StreamEndSchema>
export type StreamClose = Static<typeof StreamCloseSchema>

/** The answer that a request for a stream would get. */
export type StreamExplanation = Static<typeof StreamExplanationSchema>

/** The reason for which the server ends an unfinished stream. */
export type CloseReason = StreamClose['reason']
