import fastifyStatic, { type FastifyStaticOptions } from '@fastify/static'
import { fileURLToPath } from 'node:url'

/** Nothing is served by itself: routes name the files of `pages/` that they send. */
export const autoConfig: FastifyStaticOptions = {
  root: fileURLToPath(new URL('../../pages/', import.meta.url)),
  serve: false
}

/**
 * Sends files: `reply.sendFile()`.
 *
 * @see https://github.com/fastify/fastify-static
 */
export default fastifyStatic
