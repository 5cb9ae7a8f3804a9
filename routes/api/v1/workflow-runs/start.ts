import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { runPath } from '@runcast/protocol'
import type { FastifyRequest } from 'fastify'
import { problems } from '../../../../schemas/problem.ts'
import { RunParamsSchema } from '../../../../schemas/runs.ts'
import { StartHeadersSchema, StartRunSchema, type StartedRun } from '../../../../schemas/workflows.ts'
import type { Caller, AcceptedRun } from '../../../../services/engine/workflow-runs.ts'

/** The bytes that a body may have around its input. */
const ENVELOPE_BYTES = 16_384

/** Starts, repeats and cancels runs of the workflow engine. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post('/', {
    onRequest: fastify.requireAccess('workflows:run'),
    bodyLimit: fastify.config.ENGINE_MAX_DATA_BYTES + ENVELOPE_BYTES,
    schema: {
      operationId: 'startRun',
      tags: ['workflows'],
      summary: 'Run a workflow',
      description: 'The answer comes as soon as the run is stored. It is executed from then on, also across restarts; its events tell how.',
      headers: StartHeadersSchema,
      body: StartRunSchema,
      response: { 202: Type.Ref('StartedRun#'), ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507) }
    }
  }, async (request, reply) => {
    const { workflow, version = null, input = {}, run_id: runId = null } = request.body
    const runs = await fastify.engine.runs()
    const run = startedRun(await runs.start({ workflow, version, input, runId }, callerOf(request)), request.basePath)
    return reply.code(202).header('location', run.url).send(run)
  })

  fastify.post('/:run_id/cancel', {
    onRequest: fastify.requireAccess('workflows:run'),
    schema: {
      operationId: 'cancelRun',
      tags: ['workflows'],
      summary: 'End a run of the workflow engine',
      description: 'Processes and calls under way are ended within a second, wherever the run is executed. The run\'s status tells when it is over.',
      params: RunParamsSchema,
      response: { 202: Type.Ref('CancelledRun#'), ...problems(400, 401, 403, 404, 409, 503) }
    }
  }, async ({ params: { run_id: runId }, access, basePath }, reply) => {
    await (await fastify.engine.runs()).cancel(runId, access.tenant)
    return reply.code(202).send({ run_id: runId, url: urlOf(runId, basePath) })
  })

  fastify.post('/:run_id/retry', {
    onRequest: fastify.requireAccess('workflows:run'),
    schema: {
      operationId: 'retryRun',
      tags: ['workflows'],
      summary: 'Repeat a run of the workflow engine',
      description: 'Starts a new run with the same definition and input, which names this one in retry_of. Tasks that this run has finished are not executed again.',
      params: RunParamsSchema,
      headers: StartHeadersSchema,
      response: { 202: Type.Ref('StartedRun#'), ...problems(400, 401, 403, 404, 409, 422, 503, 507) }
    }
  }, async (request, reply) => {
    const runs = await fastify.engine.runs()
    const run = startedRun(await runs.retry(request.params.run_id, callerOf(request)), request.basePath)
    return reply.code(202).header('location', run.url).send(run)
  })
}

export default routes

function callerOf ({ access, headers }: FastifyRequest<{ Headers: { 'idempotency-key'?: string } }>): Caller {
  return { tenant: access.tenant, allows: (runId) => access.allows(runId), idempotencyKey: headers['idempotency-key'] ?? null }
}

function startedRun ({ runId, workflow, version }: AcceptedRun, basePath: string): StartedRun {
  const url = urlOf(runId, basePath)
  return { run_id: runId, workflow, version, url, stream_url: `${url}/stream` }
}

function urlOf (runId: string, basePath: string): string {
  return `${basePath}/api/v1/${runPath(runId)}`
}
