import type { ServerResponse } from 'node:http'
import type { Expiry } from '../sse/connection.ts'
import { SseConnections, tickInterval } from '../sse/connections.ts'
import { Feed, type FeedOptions } from './feed.ts'
import { FeedFollower, type FeedKeeper } from './feed-follower.ts'
import type { View } from './view.ts'

export interface FeedsOptions extends FeedOptions {
  /** The longest time without a byte on a stream, in milliseconds. */
  readonly heartbeatMs: number
  /** The time between two comparisons of a feed with the list of its runs, in milliseconds. */
  readonly checkMs: number
}

/** The feeds of this process, one for each tenant whose runs are watched, and their open streams. */
export class Feeds {
  readonly #options: FeedsOptions
  readonly #feeds = new Map<string, Feed>()
  readonly #followers = new SseConnections<FeedFollower>()
  readonly #tick: NodeJS.Timeout
  readonly #check: NodeJS.Timeout

  constructor (options: FeedsOptions) {
    this.#options = options
    this.#tick = setInterval(() => this.#followers.tick(Date.now(), options.heartbeatMs), tickInterval(options.heartbeatMs))
    this.#check = setInterval(() => { for (const feed of this.#feeds.values()) feed.missed() }, options.checkMs)
  }

  /** The number of open streams. */
  get streams (): number {
    return this.#followers.size
  }

  /** The number of tenants whose runs are watched. */
  get size (): number {
    return this.#feeds.size
  }

  /**
   * Follows a tenant's runs on a response whose head is sent.
   *
   * @param closed called once, when the socket is gone
   */
  follow (tenant: string, view: View, response: ServerResponse, expiry: Expiry, closed: (follower: FeedFollower) => void): FeedFollower {
    const feed = this.#feeds.get(tenant) ?? new Feed(tenant, this.#options)
    this.#feeds.set(tenant, feed)
    const keeper: FeedKeeper = {
      caughtUp: () => feed.work(),
      left: (follower) => {
        this.#leave(feed, follower)
        closed(follower)
      }
    }
    const follower = new FeedFollower(response, view, expiry, keeper)
    this.#followers.add(follower)
    feed.add(follower)
    return follower
  }

  /**
   * Closes every stream, spread over at most `windowMs` so that not all clients come back at once.
   *
   * @returns when every socket is gone
   */
  drain (windowMs: number): Promise<void> {
    return this.#followers.drain(windowMs)
  }

  /** Stops all timers and subscriptions. */
  close (): void {
    clearInterval(this.#tick)
    clearInterval(this.#check)
    for (const feed of this.#feeds.values()) feed.close()
    this.#feeds.clear()
  }

  #leave (feed: Feed, follower: FeedFollower): void {
    this.#followers.delete(follower)
    feed.remove(follower)
    if (!feed.isIdle) return
    feed.close()
    this.#feeds.delete(feed.tenant)
  }
}
