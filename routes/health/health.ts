import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const HealthSchema = Type.Object({
  status: Type.Enum(['ok', 'unavailable', 'draining'], { description: 'unavailable: the run log or the live channels can not be reached; draining: about to stop.' })
}, { examples: [{ status: 'ok' }] })

/** `/health/live`: the event loop runs. `/health/ready`: all processes of the service can serve now. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get('/live', {
    schema: { operationId: 'isLive', tags: ['operation'], summary: 'Whether the process runs', security: [], response: { 200: HealthSchema } }
  }, async () => ({ status: 'ok' as const }))

  fastify.get('/ready', {
    schema: { operationId: 'isReady', tags: ['operation'], summary: 'Whether it can serve now', security: [], response: { 200: HealthSchema, 503: HealthSchema } }
  }, async (_request, reply) => {
    const status = fastify.draining ? 'draining' : await fastify.areAllReady() ? 'ok' : 'unavailable'
    return reply.code(status === 'ok' ? 200 : 503).send({ status })
  })

  fastify.processes.answer('readiness', async () =>
    !fastify.draining && fastify.pubsub.isConnected() && await fastify.runLog.isAvailable())
}

export default routes
