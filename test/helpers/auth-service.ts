import { Writable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { options } from '../../app.ts'
import auth from '../../plugins/app/auth.ts'
import config from '../../plugins/app/config.ts'
import development from '../../plugins/app/development.ts'
import errors from '../../plugins/app/errors.ts'
import requests from '../../plugins/app/requests.ts'
import session from '../../plugins/app/session.ts'
import cookie from '../../plugins/external/cookie.ts'
import jwt from '../../plugins/external/jwt.ts'
import fastifyStatic, { autoConfig as staticOptions } from '../../plugins/external/static.ts'
import sessionRoutes from '../../routes/api/v1/session/index.ts'
import loginCodeRoutes from '../../routes/api/v1/session/login-codes/index.ts'
import loginRoutes from '../../routes/login/index.ts'
import { loadConfig } from '../../services/config.ts'

/** The part of the service that knows who may do what, and `/runs/:run_id` that answers who asked. */
export interface AuthService {
  readonly fastify: FastifyInstance
  /** Where it listens, without a trailing slash. */
  readonly origin: string
  readonly port: number
  /** Everything that was logged so far, at the finest level. */
  log (): string
  stop (): Promise<void>
}

/**
 * Starts it on a free port; it is stopped at the test's teardown.
 *
 * @param settings as in the environment
 */
export async function startAuthService (t: Pick<Test, 'teardown'>, settings: Record<string, string>): Promise<AuthService> {
  const settled = loadConfig(settings)
  let log = ''
  const stream = new Writable({ write (chunk, _encoding, done) { log += String(chunk); done() } })
  const fastify = Fastify({ ...options, trustProxy: settled.trustProxy === true, logger: { ...options.logger, level: 'trace', stream } })
  t.teardown(() => fastify.close())
  await fastify.register(config, { config: settled })
  await fastify.register(cookie)
  await fastify.register(jwt)
  await fastify.register(fastifyStatic, staticOptions)
  for (const plugin of [errors, requests, auth, session, development]) await fastify.register(plugin)
  await fastify.register(sessionRoutes, { prefix: '/api/v1/session' })
  await fastify.register(loginCodeRoutes, { prefix: '/api/v1/session/login-codes' })
  await fastify.register(loginRoutes, { prefix: '/login' })
  await fastify.register(runRoutes)
  const origin = await fastify.listen({ host: settled.HOST, port: 0 })
  return { fastify, origin, port: Number(new URL(origin).port), log: () => log, stop: () => fastify.close() }
}

async function runRoutes (fastify: FastifyInstance): Promise<void> {
  fastify.get('/runs/:run_id', { onRequest: fastify.requireAccess('runs:read') }, async ({ access }) => ({ ...access, scopes: [...access.scopes] }))
  fastify.post('/runs/:run_id', { onRequest: fastify.requireAccess('runs:write') }, async ({ access }) => ({ ...access, scopes: [...access.scopes] }))
}
