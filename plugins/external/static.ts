import { join, sep } from 'node:path'
import fastifyStatic, { type FastifyStaticOptions } from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Gives each file that is there at the start a route of its own. plugins/app/ui.ts sends the page. */
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
    // The build puts a hash of the content into these names.
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
