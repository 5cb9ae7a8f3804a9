import fp from 'fastify-plugin'
import { Feeds } from '../../services/feed/feeds.ts'
import { throttledLog } from '../../services/logging/throttled-log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The feeds of all runs, one for each tenant. */
    readonly feeds: Feeds
  }
}

/** The least time between two log lines that say that a feed can not be read, in milliseconds. */
const COMPLAINT_MS = 5_000

/** The feeds of this process: `fastify.feeds`. A shutdown ends every stream with a frame before the server closes. */
export default fp(async (fastify) => {
  const { config } = fastify
  const complain = throttledLog((fields, message) => fastify.log.warn(fields, message), COMPLAINT_MS)
  const feeds = new Feeds({
    log: fastify.runLog,
    live: fastify.pubsub,
    heartbeatMs: config.STREAM_HEARTBEAT_MS,
    checkMs: config.POSITION_CHECK_MS,
    failed: (error) => complain({ err: error }, 'a feed of runs can not be read')
  })
  fastify.decorate('feeds', feeds)
  fastify.onDrain(() => feeds.drain(config.DRAIN_MS * 0.8))
  fastify.addHook('onClose', async () => feeds.close())
}, { name: 'feeds', fastify: '5.x', dependencies: ['config', 'pubsub', 'run-log', 'shutdown'] })
