import fp from 'fastify-plugin'
import { LoginCodeSchema, SessionSchema } from '../../schemas/auth.ts'
import { PublishedEventSchema, PublishRefusedSchema } from '../../schemas/events.ts'
import { EventPageSchema, EventSchema, GapSchema, PublishedIdsSchema } from '../../schemas/history.ts'
import { ProblemSchema } from '../../schemas/problem.ts'
import { RunListSchema, RunSchema } from '../../schemas/runs.ts'
import { StreamExplanationSchema } from '../../schemas/stream.ts'
import { CancelledRunSchema, StartedRunSchema, WorkflowDetailSchema, WorkflowListSchema } from '../../schemas/workflows.ts'

/** The schemas that routes refer to by name. */
export default fp(async (fastify) => {
  const schemas = [
    PublishedEventSchema, PublishRefusedSchema, PublishedIdsSchema, EventSchema, GapSchema, EventPageSchema, RunSchema, RunListSchema,
    StreamExplanationSchema, WorkflowListSchema, WorkflowDetailSchema, StartedRunSchema, CancelledRunSchema, SessionSchema, LoginCodeSchema, ProblemSchema
  ]
  for (const schema of schemas) fastify.addSchema(schema)
}, { name: 'schemas', fastify: '5.x' })
