import '@fastify/accepts'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'

/** The addresses that the user interface knows. */
const PAGES = ['/', '/login', '/runs/:run_id', '/workflows', '/workflows/:name']

/** The pages. They need no credentials: their data does. */
const routes: FastifyPluginAsync = async (fastify) => {
  for (const path of PAGES) {
    fastify.get(path, { schema: { hide: true } }, async (_request, reply) => reply.sendPage())
  }

  // A person who followed a wrong link gets the page that says so; a program gets a problem document.
  fastify.get('/*', { schema: { hide: true } }, async (request, reply) => {
    if (!isNavigation(request)) return reply.callNotFound()
    return reply.code(404).sendPage()
  })
}

export default routes

function isNavigation (request: FastifyRequest): boolean {
  return !/^\/api(?:[/?]|$)/.test(request.url) && request.accepts().type(['json', 'html']) === 'html'
}
