import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Claims } from '../../schemas/auth.ts'
import { SessionTooLargeError } from '../../services/auth/errors.ts'
import { fitsCookie, sessionCookie } from '../../services/auth/session.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Sets the session cookie. It is good until the claims expire.
     *
     * @param token the token of the claims. The cookie holds it where the service can't sign a token of its own
     * @throws SessionTooLargeError
     */
    startSession (claims: Claims, token: string | null): FastifyReply

    /** Clears the session cookie. */
    endSession (): FastifyReply
  }
}

/** Keeps a browser's session in its cookie: `reply.startSession(claims, token)`, `reply.endSession()`. */
export default fp(async (fastify) => {
  const canSign = fastify.config.JWT_SECRET !== undefined || !fastify.config.hasTokenKey

  fastify.decorateReply('startSession', function (this: FastifyReply, claims: Claims, token: string | null) {
    const { name, options } = sessionCookie(this.request.protocol, this.request.port, this.request.basePath)
    const value = canSign || token === null ? fastify.jwt.sign(claims) : token
    if (!fitsCookie(name, value)) throw new SessionTooLargeError()
    return this.setCookie(name, value, { ...options, maxAge: Math.floor(claims.exp - Date.now() / 1000) })
  })

  fastify.decorateReply('endSession', function (this: FastifyReply) {
    const { name, options } = sessionCookie(this.request.protocol, this.request.port, this.request.basePath)
    return this.clearCookie(name, options)
  })
}, { name: 'session', fastify: '5.x', dependencies: ['base-path', 'config', 'jwt', '@fastify/cookie'] })
