import type { TSchema } from 'typebox'
import { PublishRefusedSchema } from './events.ts'
import { StreamCloseSchema, StreamEndSchema, StreamGapSchema, StreamOpenSchema, StreamPositionSchema } from './stream.ts'

/** One kind of frame, as OpenAPI describes an item of an event stream. */
const frame = (event: object, data: object, id?: string) => ({
  type: 'object',
  required: ['event', 'data'],
  properties: {
    ...(id === undefined ? {} : { id: { type: 'string', description: id } }),
    event,
    data: { type: 'string', contentMediaType: 'application/json', contentSchema: data }
  }
})

/** A schema without its name, to be put where references are not followed. */
export const inPlace = ({ $id: _, ...schema }: TSchema & { $id?: string }) => schema

/**
 * Describes a frame with a named event and data of a schema. The schema stands in place, since references in a
 * contentSchema are not followed.
 *
 * @param id the meaning of the frame's `id:`; left out when it has none
 */
export const controlFrame = (event: string, data: TSchema, id?: string) => frame({ const: event }, inPlace(data), id)

/** The answers of a stream, for its documentation. */
export const streamResponses = {
  200: {
    description: 'Server-sent events: stream_open, with `retry:` in its block, then the events of the run, in order and without a hole unless a stream_gap says so. Comments (`: ping`) keep the connection alive; no block is without data. With `explain=true` JSON that says how the stream would be answered.',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        itemSchema: {
          oneOf: [
            frame({ type: 'string', description: 'The event_type; _error and _open for error and open, which EventSource would take for its own.' }, { description: 'The payload, in its publisher\'s own text, in one line: U+0085, U+2028 and U+2029 are escaped.' }, 'The id of the event: the cursor after it.'),
            controlFrame('publish_refused', PublishRefusedSchema, 'The id of the event: the cursor after it.'),
            controlFrame('stream_open', StreamOpenSchema, 'The cursor asked for, or the id before the first event.'),
            controlFrame('stream_gap', StreamGapSchema, 'The cursor after which it goes on.'),
            controlFrame('stream_position', StreamPositionSchema, 'The position.'),
            controlFrame('stream_end', StreamEndSchema, 'The id of the last event.'),
            controlFrame('stream_close', StreamCloseSchema, 'The position, where it is known.')
          ]
        },
        examples: {
          finished: {
            summary: 'A run from its first event to its end',
            value: [
              'retry: 2000\nid: 0-0\nevent: stream_open\ndata: {"run_id":"build-4711","mode":"fresh","position":"0-0","status":"running"}',
              'id: 1764000000000-1\nevent: status_change\ndata: {"status":"running"}',
              'id: 1764000000250-2\nevent: log\ndata: {"level":"info","message":"compiling"}',
              'id: 1764000009000-3\nevent: status_change\ndata: {"status":"succeeded"}',
              'id: 1764000009000-3\nevent: stream_end\ndata: {"status":"succeeded","last_event_id":"1764000009000-3","events":3,"counts":{"status_change":2,"log":1}}',
              ''
            ].join('\n\n')
          },
          gap: {
            summary: 'A cursor whose successors are not kept any more',
            value: [
              'retry: 2000\nid: 1764000000250-2\nevent: stream_open\ndata: {"run_id":"build-4711","mode":"partial","position":"1764000000250-2","status":"running"}\n\nid: 1764000007000-40\nevent: stream_gap\ndata: {"reason":"expired","requested":"1764000000250-2","resumed_after":"1764000007000-40","lost":38,"history_url":"/api/v1/workflow-runs/build-4711/events"}',
              'id: 1764000007000-41\nevent: log\ndata: {"level":"info","message":"linking"}',
              ''
            ].join('\n\n')
          },
          limit: {
            summary: 'Too many streams: EventSource comes back by itself',
            value: 'retry: 2000\nretry: 31000\nevent: stream_close\ndata: {"reason":"limit"}\n\n'
          }
        }
      },
      'application/json': { schema: { $ref: 'StreamExplanation#' } }
    }
  },
  204: { description: 'The run is finished and the cursor at its end, which Last-Event-ID repeats: a 204 without it is a gateway\'s. EventSource stops for good.', headers: { 'Last-Event-ID': { schema: { type: 'string' }, description: 'The cursor.' } }, type: 'null' }
}
