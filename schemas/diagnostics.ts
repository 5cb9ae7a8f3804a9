import { Type, type Static } from 'typebox'
import { controlFrame } from './stream-frames.ts'

const nullableText = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })

export const DiagnosticsQuerySchema = Type.Object({
  ticks: Type.Optional(Type.Integer({ minimum: 0, maximum: 20, default: 8, description: 'The number of ticks. Without any the stream ends at once, which tells the clock of the service.' })),
  interval_ms: Type.Optional(Type.Integer({ minimum: 10, maximum: 60_000, default: 250, description: 'The time before each tick, in milliseconds.' }))
})

/** A setting of Redis that is not as the service needs it. */
export const RedisFindingSchema = Type.Object({
  setting: Type.String({ description: 'The name of the setting in Redis.' }),
  value: nullableText('Its value; null when it can not be read.'),
  problem: Type.String({ description: 'A sentence: what it does to runs, and the remedy.' })
})

export const DiagnosticsSchema = Type.Object({
  now: Type.Integer({ description: 'The clock of the service, in milliseconds since 1970.' }),
  ticks: Type.Integer({ description: 'The number of ticks that follow.' }),
  interval_ms: Type.Integer({ description: 'The time before each of them, in milliseconds.' }),
  heartbeat_ms: Type.Integer({ description: 'The longest silence of a stream, in milliseconds.' }),
  last_event_id: nullableText('The Last-Event-ID that arrived with the request.'),
  redis: Type.Optional(Type.Union([Type.Array(RedisFindingSchema), Type.Null()], {
    description: 'For runs:admin: the settings of Redis that are wrong, or could not be read; null with the embedded log.'
  }))
})

export const TickSchema = Type.Object({
  sequence: Type.Integer({ description: '1, 2, 3 …' }),
  sent_at: Type.Integer({ description: 'The time at which the service sent it, in milliseconds since 1970.' }),
  padding: Type.Optional(Type.String({ description: 'Makes one of the ticks large, to tell a gateway that waits until its buffer is full.' }))
})

export type DiagnosticsQuery = Static<typeof DiagnosticsQuerySchema>
export type Diagnostics = Static<typeof DiagnosticsSchema>
export type RedisFinding = Static<typeof RedisFindingSchema>
export type Tick = Static<typeof TickSchema>

/** The answers of the diagnostics stream, for its documentation. */
export const diagnosticsResponses = {
  200: {
    description: 'Server-sent events: diagnostics, then the ticks, each at its time, then the end.',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        itemSchema: { oneOf: [controlFrame('diagnostics', DiagnosticsSchema), controlFrame('tick', TickSchema)] },
        examples: {
          ticks: {
            summary: 'Two ticks',
            value: [
              'event: diagnostics\ndata: {"now":1764000000000,"ticks":2,"interval_ms":250,"heartbeat_ms":15000,"last_event_id":null}',
              'event: tick\ndata: {"sequence":1,"sent_at":1764000000250}',
              'event: tick\ndata: {"sequence":2,"sent_at":1764000000500}',
              ''
            ].join('\n\n')
          }
        }
      }
    }
  }
}
