import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Claims, Scope } from '../../schemas/auth.ts'
import { accessOf, readClaims, type Access, type Via } from '../../services/auth/access.ts'
import { isTrustedByCookie } from '../../services/auth/cross-site.ts'
import { CrossSiteError, ForbiddenRunError, InsufficientScopeError, TokenExpiredError, TokenInUrlError, TokenInvalidError, UnauthorizedError } from '../../services/auth/errors.ts'
import { sessionCookie } from '../../services/auth/session.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Makes the onRequest hook of a route that needs credentials. It sets `request.access`, or answers 401. It answers
     * 403 when the credentials lack the scope, if one is given, or do not permit the route's `run_id`.
     */
    requireAccess (scope?: Scope): onRequestAsyncHookHandler

    /**
     * Reads and verifies the credentials of a request.
     *
     * @throws UnauthorizedError, TokenInvalidError, TokenExpiredError, TokenInUrlError, CrossSiteError
     */
    authenticate (request: FastifyRequest): Promise<Credentials>

    /**
     * Verifies a token and gives its claims.
     *
     * @throws TokenInvalidError, TokenExpiredError
     */
    verifyToken (token: string): Promise<Claims>

    /**
     * Refuses a request that another site may have made the browser send with its session cookie.
     *
     * @throws CrossSiteError
     */
    refuseCrossSite (request: FastifyRequest): void
  }

  interface FastifyRequest {
    /** The caller and its rights. Only `requireAccess` sets it. */
    access: Access
  }
}

/** The credentials of a request, found good. */
export interface Credentials {
  readonly claims: Claims
  readonly token: string
  readonly via: Via
}

const MAX_TOKEN_CHARACTERS = 8192

/** Clients of other services send bearer tokens in these query parameters. */
const TOKEN_PARAMETERS = ['access_token', 'token', 'jwt']

/** Authenticates requests: `fastify.requireAccess(scope)` and `request.access`. */
export default fp(async (fastify) => {
  fastify.decorateRequest('access')
  fastify.decorate('requireAccess', requireAccess)
  fastify.decorate('authenticate', authenticate)
  fastify.decorate('verifyToken', verifyToken)
  fastify.decorate('refuseCrossSite', refuseCrossSite)

  fastify.addHook('onError', async (_request, reply, error) => {
    if (error.statusCode === 401) reply.header('www-authenticate', 'Bearer')
  })

  function requireAccess (scope?: Scope): onRequestAsyncHookHandler {
    return async (request) => {
      const { claims, via } = await authenticate(request)
      const access = accessOf(claims, via)
      if (scope !== undefined && !access.scopes.has(scope)) throw new InsufficientScopeError()
      const runId = runIdOf(request.params)
      if (runId !== undefined && !access.allows(runId)) throw new ForbiddenRunError()
      request.access = access
    }
  }

  async function authenticate (request: FastifyRequest): Promise<Credentials> {
    if (hasTokenInUrl(request.query)) throw new TokenInUrlError()
    const bearer = bearerToken(request.headers.authorization)
    if (bearer !== undefined) return { claims: await verifyToken(bearer), token: bearer, via: 'bearer' }
    const token = request.cookies[sessionCookie(request.protocol, request.port, request.basePath).name]
    if (token === undefined || token === '') throw new UnauthorizedError()
    refuseCrossSite(request)
    return { claims: await verifyToken(token), token, via: 'cookie' }
  }

  async function verifyToken (token: string): Promise<Claims> {
    if (token.length > MAX_TOKEN_CHARACTERS) throw new TokenInvalidError()
    const claims = readClaims(verifiedPayload(token))
    if (claims === null) throw new TokenInvalidError()
    if (claims.exp * 1000 <= Date.now()) throw new TokenExpiredError()
    return claims
  }

  /** Any fault of a token is its sender's. The verifier's reasons stay here, since they may quote the token. */
  function verifiedPayload (token: string): unknown {
    try {
      return fastify.jwt.verify(token)
    } catch {
      throw new TokenInvalidError()
    }
  }

  function refuseCrossSite (request: FastifyRequest): void {
    if (!isTrustedByCookie(request.method, request.headers, `${request.protocol}://${request.host}`)) throw new CrossSiteError()
  }
}, { name: 'auth', fastify: '5.x', dependencies: ['base-path', 'jwt', '@fastify/cookie'] })

/** @returns the token; '' when the bearer header holds none; undefined without such a header */
function bearerToken (header: string | undefined): string | undefined {
  if (header === undefined || !/^bearer(\s|$)/i.test(header)) return undefined
  return /^bearer +(\S+)$/i.exec(header)?.[1] ?? ''
}

function hasTokenInUrl (query: unknown): boolean {
  return typeof query === 'object' && query !== null && TOKEN_PARAMETERS.some((name) => name in query)
}

function runIdOf (params: unknown): string | undefined {
  if (typeof params !== 'object' || params === null || !('run_id' in params)) return undefined
  return typeof params.run_id === 'string' ? params.run_id : undefined
}
