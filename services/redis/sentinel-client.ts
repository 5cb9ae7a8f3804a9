import { Redis } from 'ioredis'

/**
 * A client of the primary that Sentinels name. ioredis 6.0.0 ends such a client for good when the news of a failover
 * comes while it waits for a Sentinel's answer, because it takes what it does then for a `disconnect()`. This one goes
 * on trying as its `retryStrategy` says, until `disconnect()` is called; `quit()` alone may not be enough.
 *
 * @see https://github.com/redis/ioredis/pull/2198 after which this class can go
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
    // How many attempts there were is ioredis' own knowledge.
    const pauseMs = this.options.retryStrategy?.(1)
    if (typeof pauseMs !== 'number') return
    setTimeout(() => {
      if (!this.#isClosed) this.connect().catch(() => { /* It is tried again, and the client tells of the error. */ })
    }, pauseMs).unref()
  }
}
