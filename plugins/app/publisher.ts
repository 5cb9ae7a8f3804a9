import fp from 'fastify-plugin'
import { createPublisher, type Publisher } from '../../services/publisher.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly publisher: Publisher
  }
}

/** The publisher: `fastify.publisher`. It appends the events of requests to the run log, and counts them. */
export default fp(async (fastify) => {
  fastify.decorate('publisher', createPublisher(fastify.runLog, fastify.metrics))
}, { name: 'publisher', fastify: '5.x', dependencies: ['metrics', 'run-log'] })
