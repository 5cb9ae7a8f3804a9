import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { LiveChannels } from '../../services/pubsub/live-channels.ts'
import { RedisPubSubManager } from '../../services/pubsub/redis-pubsub-manager.ts'
import { redisKeys } from '../../services/redis/keys.ts'
import { createEmbeddedRunLog } from '../../services/run-log/embedded/embedded-run-log.ts'
import { createRedisRunLog } from '../../services/run-log/redis/redis-run-log.ts'
import type { RunLog } from '../../services/run-log/run-log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly runLog: RunLog
    readonly liveChannels: LiveChannels
  }
}

/**
 * The run log and the live channels of its runs: `fastify.runLog`, `fastify.liveChannels`, in Redis or embedded.
 * Opened when the service listens or is asked for something: a data directory has one user at a time, and a service that
 * is only put together, to list its routes, needs none. Closed after everything that uses them.
 */
export default fp(async (fastify) => {
  const { log, live } = inRedis(fastify) ?? embedded(fastify)
  fastify.decorate('runLog', log)
  fastify.decorate('liveChannels', live)
  fastify.addHook('onRequest', () => log.open())
  fastify.onStart(async () => {
    await log.open().catch(async (error: unknown) => {
      fastify.log.fatal({ err: error }, 'the run log can not be opened')
      await fastify.close()
    })
  })
  fastify.addHook('onClose', async () => {
    await live.close()
    await log.close()
  })
}, { name: 'run-log', fastify: '5.x', dependencies: ['config', 'redis', 'shutdown'] })

function inRedis ({ config, redisConnections: connections, log: logger }: FastifyInstance): { log: RunLog, live: LiveChannels } | null {
  if (connections === null) return null
  const keys = redisKeys(config.CHANNEL_PREFIX)
  return {
    log: createRedisRunLog({ redis: connections.command, keys, retention: config.retention, sharded: connections.sharded }),
    live: new RedisPubSubManager({ connections, keys, probeIntervalMs: config.POSITION_CHECK_MS / 2, logger })
  }
}

function embedded ({ config }: FastifyInstance): { log: RunLog, live: LiveChannels } {
  return createEmbeddedRunLog({ directory: config.DATA_DIR, retention: config.retention, minFreeBytes: config.MIN_FREE_BYTES })
}
