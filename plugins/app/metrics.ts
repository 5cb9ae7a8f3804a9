import fp from 'fastify-plugin'
import { createMetrics, type Metrics } from '../../services/metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: Metrics
  }
}

/** The metrics of this process: `fastify.metrics`, scraped at `/metrics`. */
export default fp(async (fastify) => {
  fastify.decorate('metrics', createMetrics())
}, { name: 'metrics', fastify: '5.x' })
