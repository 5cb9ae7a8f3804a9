import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { UiNotBuiltError } from '../../services/ui/errors.ts'
import { readPage } from '../../services/ui/page.ts'
import { policyWithNonce } from '../external/helmet.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The directory of the built user interface; it may be missing. */
    readonly uiDirectory: string
  }
  interface FastifyReply {
    /**
     * Sends the page of the user interface with a nonce of its own. No cache keeps it.
     *
     * @throws UiNotBuiltError
     */
    sendPage (): FastifyReply
  }
}

/** Options of the plugin. */
export interface UiOptions {
  /** The directory of the built user interface; by default the one that `npm run build` makes. */
  readonly uiDirectory?: string
}

/** Decorates replies with `sendPage()`. plugins/external/static.ts serves the scripts and styles of the page. */
export default fp<UiOptions>(async (fastify, { uiDirectory = fileURLToPath(new URL('../../ui/dist/', import.meta.url)) }) => {
  const page = readPage(uiDirectory)
  if (page === null) fastify.log.warn({ directory: uiDirectory }, 'the user interface is not built; npm run build builds it')
  fastify.decorate('uiDirectory', uiDirectory)
  fastify.decorateReply('sendPage', function (this: FastifyReply) {
    if (page === null) throw new UiNotBuiltError()
    const nonce = randomBytes(16).toString('base64')
    this.helmet({ contentSecurityPolicy: policyWithNonce(nonce) })
    return this.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page({ nonce, basePath: this.request.basePath }))
  })
}, { name: 'ui', fastify: '5.x' })
