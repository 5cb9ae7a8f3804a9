import fp from 'fastify-plugin'
import { createReadiness, isReady, type Readiness } from '../../services/readiness.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly readiness: Readiness
  }
}

/** The readiness of this process: `fastify.readiness`, told at `/health/ready` and `/metrics`. */
export default fp(async (fastify) => {
  const { runLog, pubsub, ingest, redisConnections: connections, log: logger } = fastify
  const readiness = createReadiness({
    probe: () => runLog.probe(),
    findRefusal: () => connections?.refusals.current ?? null,
    isConnected: () => pubsub.isConnected(),
    isListening: () => ingest?.stats().isListening ?? true,
    isLeaving: () => fastify.leaving,
    logger
  })
  fastify.decorate('readiness', readiness)
  fastify.metrics.observeReadiness(() => {
    const health = readiness.current()
    return { isReady: isReady(health), reason: health.reason ?? '' }
  })
  fastify.onStart(async () => readiness.start())
  fastify.addHook('onClose', async () => readiness.stop())
}, { name: 'readiness', fastify: '5.x', dependencies: ['ingest', 'metrics', 'pubsub', 'redis', 'run-log', 'shutdown'] })
