import { setTimeout as delay } from 'node:timers/promises'
import fp from 'fastify-plugin'

/** Runs once when the service is about to stop, while it still answers. The stop waits for it. */
export type DrainCallback = () => Promise<void> | void

declare module 'fastify' {
  interface FastifyInstance {
    /** True if the service is about to stop: it is not ready any more, though it still serves everybody. */
    readonly leaving: boolean
    /** True once it ends its streams, and takes no more. */
    readonly draining: boolean
    onDrain (callback: DrainCallback): void
    /** Adds a callback for the time when the service listens. They run one after the other; none begins once a stop is near. */
    onStart (callback: () => Promise<void>): void
  }
}

/** The least time that requests under way get to be answered, in milliseconds. */
const MIN_DRAIN_MS = 500

/**
 * The order of a stop: not ready for DRAIN_DELAY_MS, in which gateways learn of it and everybody is served; then every
 * drain callback at once, then no more connections, then the `onClose` hooks, the last registered first. Connections that
 * are still busy DRAIN_MS after the delay are cut, so that no client holds the stop up by not reading.
 */
export default fp(async (fastify) => {
  const callbacks: DrainCallback[] = []
  let leaving = false
  let draining = false
  let cut: NodeJS.Timeout | undefined
  fastify.decorate('leaving', { getter: () => leaving })
  fastify.decorate('draining', { getter: () => draining })
  fastify.decorate('onDrain', (callback: DrainCallback) => { callbacks.push(callback) })
  fastify.decorate('onStart', (callback: () => Promise<void>) => {
    fastify.addHook('onListen', async () => { if (!leaving) await callback() })
  })
  fastify.addHook('preClose', async () => {
    leaving = true
    if (fastify.server.listening) await delay(fastify.config.drainDelayMs)
    draining = true
    cut = setTimeout(() => fastify.server.closeAllConnections(), Math.max(fastify.config.DRAIN_MS, MIN_DRAIN_MS))
    const outcomes = await Promise.allSettled(callbacks.map(async (callback) => callback()))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') fastify.log.error({ err: outcome.reason }, 'a drain callback failed')
    }
  })
  fastify.addHook('onClose', async () => clearTimeout(cut))
}, { name: 'shutdown', fastify: '5.x', dependencies: ['config'] })
