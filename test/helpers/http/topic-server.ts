import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { LiveChannels } from '../../../services/pubsub/live-channels.ts'
import type { RunLog } from '../../../services/run-log/run-log.ts'
import { closeFrame } from '../../../services/sse/frames.ts'
import { findOpening } from '../../../services/stream/opening.ts'
import { readStreamRequest } from '../../../services/stream/request.ts'
import { catchUp } from '../../../services/topic/catch-up.ts'
import type { EventsAfter } from '../../../services/topic/follower.ts'
import { Topics } from '../../../services/topic/topics.ts'

export interface TopicServer {
  readonly topics: Topics
  /** The reports of the topics and followers. */
  readonly seen: { repaired: number, gaps: string[], fellBack: number, failed: unknown[] }
  url (runId: string, query?: string): string
}

export interface TopicServerOptions {
  readonly graceMs?: number
  readonly heartbeatMs?: number
  readonly positionCheckMs?: number
  readonly maxAgeMs?: number
  readonly tenant?: string
  readonly lagBytes?: number
  /** Puts something around the generators of the followers' pages. */
  readonly around?: (eventsAfter: EventsAfter) => EventsAfter
}

/** Serves topics over bare HTTP on a free port, so that a test tests their work and not the routes'. */
export async function startTopicServer (t: Pick<Test, 'teardown'>, log: RunLog, live: LiveChannels, options: TopicServerOptions = {}): Promise<TopicServer> {
  const { graceMs = 50, heartbeatMs = 60_000, positionCheckMs = 60_000, maxAgeMs = 600_000, tenant = '', around = (eventsAfter) => eventsAfter } = options
  const seen: TopicServer['seen'] = { repaired: 0, gaps: [], fellBack: 0, failed: [] }
  const topics = new Topics({
    log,
    live,
    graceMs,
    heartbeatMs,
    positionCheckMs,
    ...(options.lagBytes === undefined ? {} : { lagBytes: options.lagBytes }),
    terminalStatuses: new Map([['succeeded', 'succeeded'], ['failed', 'failed']]),
    observer: {
      repaired: (events) => { seen.repaired += events },
      gap: (reason, followers) => { for (let told = 0; told < followers; told++) seen.gaps.push(reason) }
    }
  })
  const eventsAfter = around(({ topic, filter }, cursor, gone) => catchUp(topic, filter, cursor, gone))
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost')
    const { tail, ...query } = Object.fromEntries(url.searchParams)
    const asked = readStreamRequest(request.headers['last-event-id']?.toString(), { ...query, ...(tail === undefined ? {} : { tail: Number(tail) }) })
    if (asked === null) {
      response.writeHead(400).end()
      return
    }
    try {
      const opening = await findOpening(topics, { runId: url.pathname.slice(1), tenant, basePath: '' }, asked, { graceMs, refusesUnknown: false })
      if (opening.answer !== 'stream') {
        response.writeHead(opening.answer === 'not_found' ? 404 : 204).end()
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      topics.follow(opening.beginning, eventsAfter, response, { at: Date.now() + maxAgeMs, reason: 'max_age' }, {
        closed: () => {},
        gap: (reason) => seen.gaps.push(reason),
        fellBack: () => { seen.fellBack++ },
        failed: (error) => seen.failed.push(error)
      })
    } catch (error) {
      seen.failed.push(error)
      response.end(closeFrame('unavailable', null))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
    topics.close()
  })
  return { topics, seen, url: (runId, query = '') => `http://127.0.0.1:${port}/${runId}${query}` }
}
