import type { FastifyPluginAsync } from 'fastify'

/** `/`: what this is, that it runs, and how to go on. */
const routes: FastifyPluginAsync = async (fastify) => {
  fastify.get('/', { schema: { hide: true } }, async (_request, reply) => reply.sendFile('home.html'))
}

export default routes
