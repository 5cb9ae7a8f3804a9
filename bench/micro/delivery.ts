import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { EventId } from '@runcast/protocol'
import { createInProcessChannels } from '../../services/pubsub/in-process-channels.ts'
import type { LiveListener } from '../../services/pubsub/live-channels.ts'
import { createEmbeddedRunLog } from '../../services/run-log/embedded/embedded-run-log.ts'
import { startTopicServer } from '../../test/helpers/http/topic-server.ts'
import { appendTo, newEvent } from '../../test/helpers/run-log/publish.ts'
import { waitUntil } from '../../test/helpers/wait-until.ts'
import { eventsAfter, messageOf, payloadOf } from './events.ts'
import { costOfEach, type Cost } from './stopwatch.ts'

const FOLLOWERS = 1_000
const BATCH = 100

type Teardown = { teardown (undo: () => unknown): void }

/**
 * Measures a delivery from the live message to the kernel, for real followers on loopback sockets, and an append to
 * the embedded log until it is on disk.
 *
 * @param directory an empty one for the log
 */
export async function deliveryCosts (directory: string): Promise<Cost[]> {
  const undo: Array<() => unknown> = []
  const t: Teardown = { teardown: (step) => { undo.unshift(step) } }
  try {
    const log = createEmbeddedRunLog({ directory, retention: { maxEvents: 100_000, maxBytes: 1e9, ttlSeconds: 3_600 }, minFreeBytes: 0 })
    await log.open()
    t.teardown(() => log.close())
    const batch = Array.from({ length: BATCH }, (_, seq) => newEvent('node_status', payloadOf(seq)))
    const appending = await costOfEach(`append ${BATCH} events to the embedded log, committed`, 'event', BATCH, () => timed(() => appendTo(log, 'appended', batch)))

    const [opened = ''] = await appendTo(log, 'followed', batch.slice(0, 1))
    let listener: LiveListener = () => {}
    const live = { ...createInProcessChannels(), subscribe: async (_runId: string, given: LiveListener) => { listener = given; return () => {} } }
    const { topics, url } = await startTopicServer(t, log, live, { positionCheckMs: 3_600_000 })
    const topic = await topics.hold({ runId: 'followed', tenant: '', basePath: '' })
    const sockets = await Promise.all(Array.from({ length: FOLLOWERS }, () => follow(t, url('followed', '?from=now'))))
    await waitUntil('all followers are on the lane', () => topic.lane.size === FOLLOWERS)

    let last: EventId = opened
    const deliver = async (joined: number) => {
      const message = messageOf(eventsAfter(last, joined))
      last = message.last
      const took = await timed(() => {
        listener(message)
        topic.flush()
      })
      await Promise.all(sockets.map((socket) => has(socket, last)))
      return took
    }
    return [
      await costOfEach('followers on loopback sockets, 1 per flush', 'delivery', FOLLOWERS, () => deliver(1)),
      await costOfEach('followers on loopback sockets, 16 per flush', 'delivery', 16 * FOLLOWERS, () => deliver(16)),
      appending
    ]
  } finally {
    for (const step of undo) await step()
  }
}

/** Milliseconds until some work is done. */
async function timed (work: () => unknown): Promise<number> {
  const start = performance.now()
  const doing = work()
  if (doing instanceof Promise) await doing
  return performance.now() - start
}

async function follow (t: Teardown, url: string): Promise<Socket> {
  const { host, hostname, port, pathname, search } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await once(socket, 'data')
  return socket
}

/** Resolves when the follower has an event. */
async function has (socket: Socket, id: EventId): Promise<void> {
  const wanted = Buffer.from(`id: ${id}\n`)
  let tail = Buffer.alloc(0)
  for (;;) {
    const [part]: unknown[] = await once(socket, 'data')
    if (!(part instanceof Buffer)) continue
    tail = Buffer.concat([tail, part])
    if (tail.includes(wanted)) return
  }
}
