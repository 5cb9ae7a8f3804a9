import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { HealthSchema } from '../../schemas/health.ts'
import { isReady, OTHER_NOT_READY } from '../../services/readiness.ts'

/** `/health/live`: the event loop runs. `/health/ready`: a gateway may send requests to the processes of the service. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get('/live', {
    schema: { operationId: 'isLive', tags: ['operation'], summary: 'Whether the process runs', security: [], response: { 200: HealthSchema } }
  }, async () => ({ status: 'ok' as const }))

  fastify.get('/ready', {
    schema: { operationId: 'isReady', tags: ['operation'], summary: 'Whether it can serve now', security: [], response: { 200: HealthSchema, 503: HealthSchema } }
  }, async (_request, reply) => {
    const [own, areAllReady] = await Promise.all([fastify.readiness.check(), fastify.areAllReady()])
    const health = isReady(own) && !areAllReady ? OTHER_NOT_READY : own
    return reply.code(isReady(health) ? 200 : 503).send(health)
  })

  fastify.processes.answer('readiness', async () => isReady(await fastify.readiness.check()))
}

export default routes
