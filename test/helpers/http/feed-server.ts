import { createServer } from 'node:http'
import type { Test } from 'tap'
import type { FeedFollower } from '../../../services/feed/feed-follower.ts'
import type { FeedOptions } from '../../../services/feed/feed.ts'
import { Feeds } from '../../../services/feed/feeds.ts'
import type { View } from '../../../services/feed/view.ts'
import { portOf } from '../redis/redis-server.ts'

export interface FeedServer {
  readonly feeds: Feeds
  readonly url: string
  /** All followers in the order in which they came, and the ones that are gone. */
  readonly followers: FeedFollower[]
  readonly closed: FeedFollower[]
  /** The faults that kept a feed from reading. */
  readonly faults: unknown[]
}

export interface FeedServerOptions {
  readonly checkMs?: number
  readonly heartbeatMs?: number
  readonly maxAgeMs?: number
  /** The runs that everybody may see; all when left out. */
  readonly view?: View
}

/** Serves the feed of the runs without tenant over bare HTTP on a free port, so that a test does not test the route. */
export async function startFeedServer (t: Test, { log, live }: Pick<FeedOptions, 'log' | 'live'>, options: FeedServerOptions = {}): Promise<FeedServer> {
  const { checkMs = 60_000, heartbeatMs = 60_000, maxAgeMs = 600_000, view = { key: 'all', allows: () => true } } = options
  const faults: unknown[] = []
  const followers: FeedFollower[] = []
  const closed: FeedFollower[] = []
  const feeds = new Feeds({ log, live, heartbeatMs, checkMs, failed: (error) => faults.push(error) })
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    followers.push(feeds.follow('', view, response, { at: Date.now() + maxAgeMs, reason: 'max_age' }, (follower) => closed.push(follower)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
    feeds.close()
  })
  return { feeds, followers, closed, faults, url: `http://127.0.0.1:${portOf(server)}/` }
}
