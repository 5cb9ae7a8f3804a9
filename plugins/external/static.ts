import { join, sep } from 'node:path'
import fastifyStatic, { type FastifyStaticOptions } from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The files of the user interface as they are at the start, each by its own route. Its page is plugins/app/ui.ts's. */
export const autoConfig = ({ uiDirectory }: FastifyInstance): FastifyStaticOptions => ({
  root: uiDirectory,
  wildcard: false,
  index: false,
  globIgnore: ['index.html', '**/*.br', '**/*.gz'],
  preCompressed: true,
  decorateReply: false,
  suppressWarning: true,
  cacheControl: false,
  setHeaders: (reply, path) => {
    // The build names these after what is in them.
    const isHashed = path.startsWith(join(uiDirectory, 'assets') + sep)
    reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  }
})

/**
 * Serves the files of the built user interface.
 *
 * @see https://github.com/fastify/fastify-static
 */
export default fastifyStatic
