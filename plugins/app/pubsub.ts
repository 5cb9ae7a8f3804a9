import fp from 'fastify-plugin'
import { createInProcessChannels, type InProcessChannels } from '../../services/pubsub/in-process-channels.ts'
import type { LiveChannels } from '../../services/pubsub/live-channels.ts'
import { RedisPubSubManager } from '../../services/pubsub/redis-pubsub-manager.ts'
import { redisKeys } from '../../services/redis/keys.ts'

/** The live channels of runs. `publish` is absent with Redis, where the script that appends also publishes. */
type PubSub = LiveChannels & Partial<InProcessChannels>

declare module 'fastify' {
  interface FastifyInstance {
    readonly pubsub: PubSub
  }
}

/**
 * Pub/sub: `fastify.pubsub`, where topics and feeds subscribe to the live messages of runs. They travel through Redis,
 * or within this process when the run log is embedded.
 */
export default fp(async (fastify) => {
  const { config, redisConnections: connections, log: logger } = fastify
  const pubsub: PubSub = connections === null
    ? createInProcessChannels()
    : new RedisPubSubManager({ connections, keys: redisKeys(config.CHANNEL_PREFIX, connections.database), probeIntervalMs: config.POSITION_CHECK_MS / 2, logger })
  fastify.decorate('pubsub', pubsub)
  fastify.addHook('onClose', () => pubsub.close())
}, { name: 'pubsub', fastify: '5.x', dependencies: ['config', 'redis'] })
