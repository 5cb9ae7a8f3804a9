import fp from 'fastify-plugin'

/** Called once when the service is about to stop, while it still answers. The stop waits for it. */
export type DrainCallback = () => Promise<void> | void

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether the service is about to stop: not ready any more, though it still answers. */
    readonly draining: boolean
    onDrain (callback: DrainCallback): void
  }
}

/**
 * The order of a stop: not ready, then every drain callback at once, then no more connections, then the `onClose`
 * hooks, the last registered first.
 */
export default fp(async (fastify) => {
  const callbacks: DrainCallback[] = []
  let draining = false
  fastify.decorate('draining', { getter: () => draining })
  fastify.decorate('onDrain', (callback: DrainCallback) => { callbacks.push(callback) })
  fastify.addHook('preClose', async () => {
    draining = true
    const outcomes = await Promise.allSettled(callbacks.map(async (callback) => callback()))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') fastify.log.error({ err: outcome.reason }, 'a drain callback failed')
    }
  })
}, { name: 'shutdown', fastify: '5.x' })
