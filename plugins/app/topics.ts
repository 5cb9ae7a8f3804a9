import fp from 'fastify-plugin'
import { Topics } from '../../services/topic/topics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The followed runs of this process and their open streams. */
    topics: Topics
  }
}

/** The followed runs of this process: `fastify.topics`. A shutdown ends every stream with a frame before the server closes. */
export default fp(async (fastify) => {
  const { config, metrics } = fastify
  const topics = new Topics({
    log: fastify.runLog,
    live: fastify.pubsub,
    graceMs: config.END_GRACE_MS,
    heartbeatMs: config.STREAM_HEARTBEAT_MS,
    positionCheckMs: config.POSITION_CHECK_MS,
    terminalStatuses: config.terminalStatuses,
    observer: {
      repaired: (events) => metrics.repairedEvents.inc(events),
      gap: (reason, followers) => metrics.streamGaps.inc({ reason }, followers)
    }
  })
  fastify.decorate('topics', topics)
  metrics.observeOpenStreams(() => fastify.streamLimits.open, () => topics.size)

  fastify.onDrain(() => topics.drain(config.DRAIN_MS * 0.8))
  fastify.addHook('onClose', () => topics.close())
}, { name: 'topics', dependencies: ['config', 'metrics', 'pubsub', 'run-log', 'shutdown', 'streams'] })
