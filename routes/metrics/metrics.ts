import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

/** `/metrics`: the metrics of this process, for Prometheus. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get('/', {
    schema: {
      operationId: 'scrapeMetrics',
      tags: ['operation'],
      summary: 'The metrics of this process',
      security: [],
      response: {
        200: { description: 'In the text format of Prometheus.', content: { 'text/plain': { schema: Type.Unsafe<unknown>({ type: 'string', examples: ['runcast_open_streams 12\n'] }) } } }
      }
    }
  }, async (_request, reply) => {
    const { text, contentType } = await fastify.metrics.expose()
    return await reply.type(contentType).send(text)
  })
}

export default routes
