import fp from 'fastify-plugin'

/** What every answer has: the id of its request, and that caches do not keep it unless its route says otherwise. */
export default fp(async (fastify) => {
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' })
  })
}, { name: 'requests', fastify: '5.x' })
