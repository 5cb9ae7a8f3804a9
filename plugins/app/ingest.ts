import fp from 'fastify-plugin'
import { createIngest, type Ingest } from '../../services/ingest/ingest.ts'
import { redisKeys } from '../../services/redis/keys.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The ingest of plain PUBLISH; null with the embedded log or INGEST_PUBSUB=false. */
    readonly ingest: Ingest | null
  }
}

/** Stores the plain PUBLISH messages of engines in the run log. */
export default fp(async (fastify) => {
  const { config, redisConnections: connections } = fastify
  if (connections === null || !config.INGEST_PUBSUB) {
    fastify.decorate('ingest', null)
    return
  }

  const ingest = createIngest({
    connections,
    keys: redisKeys(config.CHANNEL_PREFIX, connections.database),
    runLog: fastify.runLog,
    limits: { maxEventBytes: config.MAX_EVENT_BYTES, terminalStatuses: config.terminalStatuses },
    ttlSeconds: config.RUN_TTL_S,
    graceMs: config.END_GRACE_MS,
    logger: fastify.log
  })
  fastify.decorate('ingest', ingest)
  fastify.metrics.observeIngest(() => ingest.stats())
  fastify.onStart(async () => ingest.start())
  fastify.addHook('onClose', () => ingest.stop())
}, { name: 'ingest', fastify: '5.x', dependencies: ['config', 'metrics', 'redis', 'run-log', 'shutdown'] })
