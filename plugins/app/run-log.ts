import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { redisKeys } from '../../services/redis/keys.ts'
import { createEmbeddedRunLog } from '../../services/run-log/embedded/embedded-run-log.ts'
import { createRedisRunLog } from '../../services/run-log/redis/redis-run-log.ts'
import type { RunLog } from '../../services/run-log/run-log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly runLog: RunLog
  }
}

/**
 * The run log, in Redis or embedded: `fastify.runLog`. It opens when the service listens or gets a request: a data
 * directory has one user at a time, and a service that only lists its routes needs none. It closes after everything
 * that uses it.
 */
export default fp(async (fastify) => {
  const log = createRunLog(fastify)
  fastify.decorate('runLog', log)
  fastify.addHook('onRequest', () => log.open())
  fastify.onStart(async () => {
    await log.open().catch(async (error: unknown) => {
      fastify.log.fatal({ err: error }, 'The run log cannot be opened')
      await fastify.close()
    })
  })
  fastify.addHook('onClose', () => log.close())
}, { name: 'run-log', fastify: '5.x', dependencies: ['config', 'pubsub', 'redis', 'shutdown'] })

function createRunLog ({ config, pubsub, redisConnections: connections }: FastifyInstance): RunLog {
  const { retention } = config
  if (connections !== null) {
    return createRedisRunLog({ redis: connections.command, keys: redisKeys(config.CHANNEL_PREFIX, connections.database), retention, sharded: connections.sharded })
  }
  return createEmbeddedRunLog({
    directory: config.DATA_DIR,
    retention,
    minFreeBytes: config.MIN_FREE_BYTES,
    publish: pubsub.publish
  })
}
