import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { exposeMetrics } from '../../services/metrics.ts'

/** `/metrics`: the metrics of all processes of the service together, for Prometheus. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get('/', {
    schema: {
      operationId: 'scrapeMetrics',
      tags: ['operation'],
      summary: 'The metrics of the service',
      security: [],
      response: {
        200: { description: 'In the text format of Prometheus.', content: { 'text/plain': { schema: Type.Unsafe<unknown>({ type: 'string', examples: ['runcast_open_streams 12\n'] }) } } }
      }
    }
  }, async (_request, reply) => {
    const { text, contentType } = await exposeMetrics(await fastify.processes.ask('metrics'))
    return await reply.type(contentType).send(text)
  })
}

export default routes
