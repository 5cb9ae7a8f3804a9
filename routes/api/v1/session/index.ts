import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { SessionRequestSchema, type Claims, type Session, type SessionRequest } from '../../../../schemas/auth.ts'
import { problems } from '../../../../schemas/problem.ts'
import { LoginCodeInvalidError } from '../../../../services/auth/errors.ts'
import { accessOf, type Access } from '../../../../services/auth/access.ts'
import { developmentSession, sessionCookie } from '../../../../services/auth/session.ts'

/** `/api/v1/session`: exchanges a token or a login code for a browser's cookie. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post('', {
    schema: {
      operationId: 'startSession',
      tags: ['session'],
      summary: 'Start or renew a browser session',
      description: 'Sets the session cookie for a token (in the body or as a bearer header) or a login code. The cookie alone renews a session that began with a login code.',
      security: [],
      body: Type.Union([SessionRequestSchema, Type.Null()], { examples: [{ token: 'eyJhbGciOiJIUzI1NiJ9...' }] }),
      response: { 201: Type.Ref('Session#'), ...problems(400, 401, 403, 415) }
    }
  }, async (request, reply) => {
    const { claims, token } = await exchange(fastify, request, request.body ?? {})
    reply.startSession(claims, token).code(201)
    return describe(accessOf(claims, 'cookie'))
  })

  fastify.get('', {
    onRequest: fastify.requireAccess(),
    schema: {
      operationId: 'getSession',
      tags: ['session'],
      summary: 'Name the caller and its rights',
      response: { 200: Type.Ref('Session#'), ...problems(401) }
    }
  }, async (request) => describe(request.access))

  fastify.delete('', {
    schema: {
      operationId: 'endSession',
      tags: ['session'],
      summary: 'End the browser session',
      security: [],
      response: { 204: Type.Null({ description: 'The cookie is cleared.' }), ...problems(403) }
    }
  }, async (request, reply) => {
    const { name } = sessionCookie(request.protocol, request.port, request.basePath)
    if (request.cookies[name] !== undefined) fastify.refuseCrossSite(request)
    return await reply.endSession().code(204).send()
  })
}

export default routes

/** @returns the claims of the session, and the token that they came in; null when the service made them itself */
async function exchange (fastify: FastifyInstance, request: FastifyRequest, { token, code }: SessionRequest): Promise<{ claims: Claims, token: string | null }> {
  if (code !== undefined) {
    const grant = await fastify.loginCodes?.redeem(code) ?? null
    if (grant === null) throw new LoginCodeInvalidError()
    return { claims: developmentSession(grant, Date.now()), token: null }
  }
  if (token !== undefined) return { claims: await fastify.verifyToken(token), token }
  const credentials = await fastify.authenticate(request)
  if (fastify.loginCodes !== null && credentials.claims.development_login === true) {
    return { claims: developmentSession(credentials.claims, Date.now()), token: null }
  }
  return credentials
}

function describe (access: Access): Session {
  return {
    subject: access.subject,
    tenant: access.tenant === '' ? null : access.tenant,
    scopes: [...access.scopes],
    expires_at: new Date(access.expiresAt).toISOString(),
    via: access.via
  }
}
