import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { MisdirectedRequestError } from '../../services/auth/errors.ts'
import { isBoundHost } from '../../services/auth/bound-host.ts'
import { noteAddress } from '../../services/auth/development-file.ts'
import { createLoginCodes, LOCAL_GRANT, type LoginCodes } from '../../services/auth/login-codes.ts'
import { createRedisLoginCodes } from '../../services/auth/redis-login-codes.ts'
import { redisKeys } from '../../services/redis/keys.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The login codes of the development start; null when a token key is configured. */
    readonly loginCodes: LoginCodes | null

    /** Makes the URL of the login page with a login code in its fragment. */
    loginUrl (code: string): string

    /** Makes a login URL that is good once and for 10 minutes. Null when a token key is configured, or when no code can be made now. */
    developmentLogin (): Promise<string | null>
  }
}

/** Serves a start without a token key: login codes, `dev.json` for other programs, and a check of the Host header. */
export default fp(async (fastify) => {
  const { config } = fastify
  const loginCodes = config.hasTokenKey ? null : loginCodesOf(fastify)
  fastify.decorate('loginCodes', loginCodes)
  fastify.decorate('loginUrl', (code: string) => `${serviceUrl(fastify)}/login#code=${code}`)
  fastify.decorate('developmentLogin', async () => {
    const made = await loginCodes?.create(LOCAL_GRANT).catch(() => null) ?? null
    return made === null ? null : fastify.loginUrl(made.code)
  })
  if (loginCodes === null) return

  fastify.onStart(async () => noteAddress(config.DATA_DIR, serviceUrl(fastify), process.pid))
  fastify.addHook('onRequest', async ({ headers, socket }) => {
    if (!isBoundHost(headers.host, config.HOST, socket.localPort)) throw new MisdirectedRequestError()
  })
}, { name: 'development', fastify: '5.x', dependencies: ['config', 'redis', 'shutdown'] })

/** Keeps the codes in Redis, if there is one, since any of several processes may be asked to redeem a code. */
function loginCodesOf ({ redisConnections, config }: FastifyInstance): LoginCodes {
  return redisConnections === null ? createLoginCodes() : createRedisLoginCodes(redisConnections.command, redisKeys(config.CHANNEL_PREFIX, redisConnections.database).loginCode)
}

function serviceUrl (fastify: FastifyInstance): string {
  const bound = fastify.server.address()
  const { address, port } = typeof bound === 'object' && bound !== null ? bound : { address: fastify.config.HOST, port: fastify.config.PORT }
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}${fastify.config.BASE_PATH}`
}
