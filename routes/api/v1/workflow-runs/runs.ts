import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../../../../schemas/problem.ts'
import { DEFAULT_RUNS, RunListQuerySchema, RunParamsSchema } from '../../../../schemas/runs.ts'
import { findRun, toRun, toRunList } from '../../../../services/run-log/runs.ts'

/** The list of runs, and the state of one. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get('/', {
    onRequest: fastify.requireAccess('runs:read'),
    schema: {
      operationId: 'listRuns',
      tags: ['runs'],
      summary: 'List runs, the last changed first',
      querystring: RunListQuerySchema,
      response: { 200: Type.Ref('RunList#'), ...problems(400, 401, 403, 503) }
    }
  }, async ({ query: { status, outcome, limit = DEFAULT_RUNS, cursor }, access }) => {
    const page = await fastify.runLog.listRuns({
      tenant: access.tenant,
      status: status?.toLowerCase() ?? null,
      outcome: outcome ?? null,
      limit,
      cursor: cursor ?? null,
      allows: (runId) => access.allows(runId)
    })
    return toRunList(page)
  })

  fastify.get('/:run_id', {
    onRequest: fastify.requireAccess('runs:read'),
    schema: {
      operationId: 'getRun',
      tags: ['runs'],
      summary: 'The state of one run',
      params: RunParamsSchema,
      response: { 200: Type.Ref('Run#'), ...problems(400, 401, 403, 404, 503) }
    }
  }, async ({ params, access }) => toRun(await findRun(fastify.runLog, params.run_id, access.tenant)))
}

export default routes
