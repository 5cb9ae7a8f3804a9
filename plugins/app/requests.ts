import fp from 'fastify-plugin'

/**
 * What every answer has: the id of its request, and that caches do not keep it unless its route says otherwise. And an
 * empty body is none, also where a content type comes with it: requests with a cookie need one.
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
