import fp from 'fastify-plugin'

/**
 * Gives every answer the id of its request, and keeps it out of caches unless its route says otherwise. An empty body
 * counts as none even if a content type comes with it, since requests with a cookie need one.
 */
export default fp(async (fastify) => {
  const parseJson = fastify.getDefaultJsonParser('error', 'error')
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else parseJson(request, body.toString(), done)
  })

  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' })
  })
}, { name: 'requests', fastify: '5.x' })
