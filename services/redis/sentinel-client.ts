// Works around a fault of ioredis 6.0.0, the newest release: a client that learns of a failover while it waits for the
// answer of a Sentinel takes its own reconnection for a `disconnect()`, and ends for good.

import { Redis } from 'ioredis'

/**
 * A client of the primary that Sentinels name. It keeps trying to connect, as its `retryStrategy` says, until
 * `disconnect()` is called; `quit()` alone may not be enough.
 *
 * @see https://github.com/redis/ioredis/pull/2198 whose release makes this class unnecessary
 */
export class SentinelClient extends Redis {
  #isClosed = false

  /** @throws Error when this attempt fails. Another follows unless `retryStrategy` gives no time for it. */
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
    // ioredis does not tell the number of attempts.
    const pauseMs = this.options.retryStrategy?.(1)
    if (typeof pauseMs !== 'number') return
    setTimeout(() => {
      if (!this.#isClosed) this.connect().catch(() => { /* Another attempt follows, and the client emits the error. */ })
    }, pauseMs).unref()
  }
}
