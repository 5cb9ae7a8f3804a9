import { fileURLToPath } from 'node:url'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { UiNotBuiltError } from '../../services/ui/errors.ts'
import { readPage } from '../../services/ui/page.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Where the built user interface is, whether it is built or not. */
    readonly uiDirectory: string
  }
  interface FastifyReply {
    /**
     * Sends the page of the user interface, with a nonce of its own. No cache keeps it.
     *
     * @throws UiNotBuiltError
     */
    sendPage (): FastifyReply
  }
}

/** What whoever registers the service may hand to it. */
export interface UiOptions {
  /** Where the built user interface is; what `npm run build` makes when left out. */
  readonly uiDirectory?: string
}

/** The page of the user interface: `reply.sendPage()`. Its scripts and styles are plugins/external/static.ts's. */
export default fp<UiOptions>(async (fastify, { uiDirectory = fileURLToPath(new URL('../../ui/dist/', import.meta.url)) }) => {
  const page = readPage(uiDirectory)
  if (page === null) fastify.log.warn({ directory: uiDirectory }, 'the user interface is not built; npm run build builds it')
  fastify.decorate('uiDirectory', uiDirectory)
  fastify.decorateReply('sendPage', function (this: FastifyReply) {
    if (page === null) throw new UiNotBuiltError()
    const { html, contentSecurityPolicy } = page()
    return this.headers({ 'content-security-policy': contentSecurityPolicy, 'cache-control': 'no-store' }).type('text/html; charset=utf-8').send(html)
  })
}, { name: 'ui', fastify: '5.x' })
