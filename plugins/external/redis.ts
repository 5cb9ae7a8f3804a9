import { setTimeout as delay } from 'node:timers/promises'
import fastifyRedis from '@fastify/redis'
import fp from 'fastify-plugin'
import { RedisFullError, UnavailableError } from '../../services/problems/storage-errors.ts'
import { createRedisConnections, type CommandClient, type RedisConnections } from '../../services/redis/connections.ts'
import { redisKeys } from '../../services/redis/keys.ts'
import { checkLayout } from '../../services/redis/layout.ts'
import { within } from '../../services/redis/persist.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** This process's connections to Redis; null with the embedded log. */
    readonly redisConnections: RedisConnections | null
  }
}

/** The time that `QUIT` may take before the connection is cut, in milliseconds. */
const QUIT_TIMEOUT_MS = 500

/** The time for which a start waits for Redis, in milliseconds. Without an answer the layout is checked later. */
const FIRST_CONNECTION_MS = 2_000

/** The time before the layout is checked again after a check without an answer, in milliseconds. */
const RECHECK_MS = 2_000

/**
 * Redis: `fastify.redis` for commands, `fastify.redisConnections` for subscribers. The service starts while Redis is
 * away, and keeps trying to connect. Each new connection checks the layout of the data. Does nothing when no Redis is
 * configured.
 *
 * @throws LayoutError when Redis holds another layout; if that is found later, the service closes
 * @see https://github.com/fastify/fastify-redis
 */
export default fp(async (fastify) => {
  const { redis: target } = fastify.config
  const connections = target === null ? null : createRedisConnections(target, fastify.log)
  fastify.decorate('redisConnections', connections)
  if (connections === null) return

  const { command } = connections
  // @fastify/redis waits until its client is ready, which would make the start fail while Redis is away. It takes the
  // word of `status`, so that is set to ready while the plugin is registered.
  const { status } = command
  command.status = 'ready'
  await fastify.register(fastifyRedis, { client: command })
  command.status = status
  fastify.addHook('onClose', () => quit(command))
  await within(FIRST_CONNECTION_MS, command.connect()).catch(() => { /* The client keeps trying and logs its errors. */ })
  const check = () => checkLayout(command, redisKeys(fastify.config.CHANNEL_PREFIX, connections.database))
  if (command.status === 'ready') await check().catch(unlessPassing)

  let isDue = false
  let checking: Promise<void> | null = null
  const closing = new AbortController()
  fastify.addHook('onClose', () => closing.abort())

  /** Checks until Redis has answered, with pauses: a write that a replica refuses ends the connection, and another one follows at once. */
  async function checkUntilAnswered (): Promise<void> {
    while (isDue && !closing.signal.aborted) {
      isDue = false
      try {
        await check()
      } catch (error) {
        unlessPassing(error)
        isDue = true
        await delay(RECHECK_MS, undefined, { signal: closing.signal, ref: false }).catch(() => { /* The service closes. */ })
      }
    }
  }

  command.on('ready', () => {
    isDue = true
    checking ??= checkUntilAnswered().catch(async (error: unknown) => {
      fastify.log.fatal({ err: error }, 'The data in Redis belong to another version of the service')
      process.exitCode = 1
      await fastify.close()
    }).finally(() => { checking = null })
  })
}, { name: 'redis', fastify: '5.x', dependencies: ['config'] })

/** Lets faults that may pass go by, since they are followed by another check. */
function unlessPassing (error: unknown): void {
  if (!(error instanceof UnavailableError || error instanceof RedisFullError)) throw error
}

async function quit (client: CommandClient): Promise<void> {
  const timeout = new AbortController()
  await Promise.race([
    client.quit().catch(() => { /* It is not connected. */ }),
    delay(QUIT_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => {})
  ])
  timeout.abort()
  client.disconnect()
}
