import { Redis } from 'ioredis'

/**
 * A client of the primary that Sentinels name. ioredis itself ends such a client for good when the news of a failover
 * comes while it waits for a Sentinel's answer, because it takes what it does then for a `disconnect()`. This one goes
 * on trying as its `retryStrategy` says, until it is disconnected. It has to be made with `lazyConnect`.
 *
 * @see https://github.com/redis/ioredis/issues/1683 for how this looks from outside
 */
export class SentinelClient extends Redis {
  #isClosed = false

  /** @throws Error when this attempt fails, after which it is tried again unless there is no `retryStrategy` for it */
  override async connect (): Promise<void> {
    try {
      await super.connect()
    } catch (error) {
      if (this.status === 'end' && !this.#isClosed) this.#connectLater()
      throw error
    }
  }

  override disconnect (reconnect = false): void {
    if (!reconnect) this.#isClosed = true
    super.disconnect(reconnect)
  }

  #connectLater (): void {
    const pauseMs = this.options.retryStrategy?.(1)
    if (typeof pauseMs !== 'number') return
    setTimeout(() => {
      if (!this.#isClosed) this.connect().catch(() => { /* It is tried again, and the client tells of the error. */ })
    }, pauseMs).unref()
  }
}
