import fp from 'fastify-plugin'
import type { LiveChannels } from '../../services/pubsub/live-channels.ts'
import { createEmbeddedRunLog } from '../../services/run-log/embedded/embedded-run-log.ts'
import type { RunLog } from '../../services/run-log/run-log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly runLog: RunLog
    readonly liveChannels: LiveChannels
  }
}

/**
 * The run log and the live channels of its runs: `fastify.runLog`, `fastify.liveChannels`. Opened when the service is
 * ready to start, which a data directory in use prevents; closed after everything that uses them.
 */
export default fp(async (fastify) => {
  const { config } = fastify
  const { log, live } = createEmbeddedRunLog({ directory: config.DATA_DIR, retention: config.retention, minFreeBytes: config.MIN_FREE_BYTES })
  fastify.decorate('runLog', log)
  fastify.decorate('liveChannels', live)
  fastify.addHook('onReady', () => log.open())
  fastify.addHook('onClose', async () => {
    await live.close()
    await log.close()
  })
}, { name: 'run-log', fastify: '5.x', dependencies: ['config'] })
