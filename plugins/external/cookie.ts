import cookie from '@fastify/cookie'

/**
 * Reads and sets cookies: `request.cookies`, `reply.setCookie()`.
 *
 * @see https://github.com/fastify/fastify-cookie
 */
export default cookie
