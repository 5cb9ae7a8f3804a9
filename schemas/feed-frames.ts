import { Type } from 'typebox'
import { RUN_EXAMPLE, RunListSchema, RunSchema } from './runs.ts'
import { controlFrame, inPlace } from './stream-frames.ts'
import { StreamCloseSchema } from './stream.ts'

/** The answers of the stream of all runs, for its documentation. */
export const feedResponses = {
  200: {
    description: 'Server-sent events: runs_snapshot, with `retry:` in its block, then run_updated for each run that changes, at most one per run and 250 ms; the last state always arrives. Comments (`: ping`) keep the connection alive.',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        itemSchema: {
          oneOf: [
            controlFrame('runs_snapshot', Type.Object({ ...RunListSchema.properties, runs: Type.Unsafe({ type: 'array', items: inPlace(RunSchema) }) })),
            controlFrame('run_updated', RunSchema),
            controlFrame('stream_close', StreamCloseSchema)
          ]
        },
        examples: {
          watching: {
            summary: 'One run that goes on',
            value: [
              `retry: 2000\nevent: runs_snapshot\ndata: ${JSON.stringify({ runs: [RUN_EXAMPLE], cursor: null })}`,
              `event: run_updated\ndata: ${JSON.stringify(RUN_EXAMPLE)}`,
              ''
            ].join('\n\n')
          }
        }
      }
    }
  }
}
