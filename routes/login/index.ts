import type { FastifyPluginAsync } from 'fastify'

/** `/login`: the page that turns a login code or a token into a session. */
const routes: FastifyPluginAsync = async (fastify) => {
  fastify.get('', { schema: { hide: true } }, async (_request, reply) => reply.sendFile('login.html'))
  fastify.get('/login.js', { schema: { hide: true } }, async (_request, reply) => reply.sendFile('login.js'))
  fastify.get('/page.css', { schema: { hide: true } }, async (_request, reply) => reply.sendFile('page.css'))
}

export default routes
