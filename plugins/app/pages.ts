import fastifyStatic from '@fastify/static'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { fileURLToPath } from 'node:url'

declare module 'fastify' {
  interface FastifyReply {
    /** Sends a file of `pages/`, as something that runs no script and loads nothing but the service's own. */
    sendPage (file: string): FastifyReply
  }
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** Serves the few static pages of the service itself: `reply.sendPage(file)`. */
export default fp(async (fastify) => {
  await fastify.register(fastifyStatic, { root: fileURLToPath(new URL('../../pages/', import.meta.url)), serve: false, cacheControl: false })

  fastify.decorateReply('sendPage', function (this: FastifyReply, file: string) {
    return this.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache'
    }).sendFile(file)
  })
}, { name: 'pages', fastify: '5.x' })
