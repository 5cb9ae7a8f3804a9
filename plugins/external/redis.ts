import { setTimeout as delay } from 'node:timers/promises'
import fastifyRedis from '@fastify/redis'
import fp from 'fastify-plugin'
import { createRedisConnections, type CommandClient, type RedisConnections } from '../../services/redis/connections.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** This process's connections to Redis; null with the embedded log. */
    readonly redisConnections: RedisConnections | null
  }
}

/** The time that `QUIT` may take before the connection is cut, in milliseconds. */
const QUIT_TIMEOUT_MS = 500

/**
 * Redis: `fastify.redis` for commands, `fastify.redisConnections` for subscribers. The service starts while Redis is
 * away, and keeps trying to connect. Does nothing when no Redis is configured.
 *
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
  command.connect().catch(() => { /* The client keeps trying and logs its errors. */ })
  fastify.addHook('onClose', () => quit(command))
}, { name: 'redis', fastify: '5.x', dependencies: ['config'] })

async function quit (client: CommandClient): Promise<void> {
  const timeout = new AbortController()
  await Promise.race([
    client.quit().catch(() => { /* It is not connected. */ }),
    delay(QUIT_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => {})
  ])
  timeout.abort()
  client.disconnect()
}
