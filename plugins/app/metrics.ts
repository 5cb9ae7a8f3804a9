import fp from 'fastify-plugin'
import { createMetrics, type Metrics } from '../../services/metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: Metrics
  }
}

/** The metrics of this process: `fastify.metrics`, scraped at `/metrics` together with those of the other processes. */
export default fp(async (fastify) => {
  const metrics = createMetrics()
  fastify.decorate('metrics', metrics)
  fastify.processes.answer('metrics', () => metrics.report())
}, { name: 'metrics', fastify: '5.x', dependencies: ['processes'] })
