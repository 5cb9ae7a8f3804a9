import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connect, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import type { LiveChannels } from '../../../services/pubsub/live-channels.ts'
import { RedisPubSubManager } from '../../../services/pubsub/redis-pubsub-manager.ts'
import { createRedisConnections } from '../../../services/redis/connections.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { RunLog } from '../../../services/run-log/run-log.ts'
import { eventsOf, openEventStream, type EventStream } from '../../helpers/http/event-stream.ts'
import { startTopicServer } from '../../helpers/http/topic-server.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'
import { openRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { startRedis } from '../../helpers/redis/redis-server.ts'
import { appendTo, newEvent, numberedLogs } from '../../helpers/run-log/publish.ts'
import { buildApp, tokenFor } from '../../helpers/service/app.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** Records the chunks that servers of this process write to their sockets from now on, one list per connection. */
function watchWrites (t: Test): unknown[][] {
  const all: unknown[][] = []
  const onConnection = (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('socket' in message) || !(message.socket instanceof Socket)) return
    const { socket } = message
    const chunks: unknown[] = []
    all.push(chunks)
    const write = socket.write
    socket.write = (...args: unknown[]): boolean => {
      chunks.push(args[0])
      return Reflect.apply(write, socket, args)
    }
  }
  subscribe('net.server.socket', onConnection)
  t.teardown(() => unsubscribe('net.server.socket', onConnection))
  return all
}

async function embeddedLog (t: Test): Promise<{ log: RunLog, live: LiveChannels }> {
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(),
    retention: { maxEvents: 100_000, maxBytes: 1e9, ttlSeconds: 3_600 },
    minFreeBytes: 0,
    publish: live.publish
  })
  await log.open()
  t.teardown(() => log.close())
  return { log, live }
}

/** Live channels whose messages wait until they are let go, all at once. */
function held (live: LiveChannels): LiveChannels & { readonly waiting: () => number, readonly letGo: () => void } {
  const waiting: Array<() => void> = []
  return {
    ...live,
    subscribe: (runId, listener) => live.subscribe(runId, (message) => waiting.push(() => listener(message))),
    waiting: () => waiting.length,
    letGo: () => { for (const hand of waiting.splice(0)) hand() }
  }
}

const last = (streams: readonly EventStream[], seq: number) =>
  Promise.all(streams.map((stream) => stream.waitFor(({ id }) => id?.endsWith(`-${seq}`) === true)))

t.test('all events of one turn reach every follower in one write, and followers with one filter share its bytes', async (t) => {
  const { log, live } = await embeddedLog(t)
  const channels = held(live)
  const writes = watchWrites(t)
  const { topics, url } = await startTopicServer(t, log, channels)
  await appendTo(log, 'busy', numberedLogs(1))
  const queries = ['', '?event_types=log', '?min_level=info&event_types=metric,log']
  const streams = await Promise.all(Array.from({ length: 60 }, (_, index) => openEventStream(url('busy', queries[index % queries.length]))))
  await last(streams, 1)
  for (const chunks of writes) chunks.length = 0

  for (const first of [2, 5]) await appendTo(log, 'busy', numberedLogs(3, first))
  await appendTo(log, 'busy', [newEvent('metric', { value: 1 }), newEvent('log', { message: 'line 9' })])
  await waitUntil('all three messages have come', () => channels.waiting() === 3)
  channels.letGo()
  await last(streams, 9)

  t.strictSame(writes.map((chunks) => chunks.length), streams.map(() => 1), 'one write for eight events')
  t.equal(new Set(writes.flat()).size, queries.length, 'one buffer per filter')
  t.strictSame(streams.slice(0, 3).map((stream) => eventsOf(stream).length), [9, 8, 9])

  for (let seq = 10; seq < 15; seq++) {
    await appendTo(log, 'busy', numberedLogs(1, seq))
    await waitUntil('the message has come', () => channels.waiting() === 1)
    channels.letGo()
    await last(streams, seq)
  }
  t.strictSame(writes.map((chunks) => chunks.length), streams.map(() => 6), 'and one for every turn after it')
  for (const stream of streams) stream.destroy()
  await waitUntil('everything is released', () => topics.streams === 0)
})

t.test('an idle follower costs no timer, and a heartbeat is one write of bytes that all share', async (t) => {
  const writes = watchWrites(t)
  const { url, publish } = await buildApp(t, { STREAM_HEARTBEAT_MS: '50', DRAIN_MS: '0' })
  await publish('idle', [{ event_type: 'log', payload: { message: 'line 1' } }])
  const open = () => openEventStream(`${url}/api/v1/workflow-runs/idle/stream`, { token: tokenFor({}) })
  const first = await open()
  await last([first], 1)
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const streams = [first, ...await Promise.all(Array.from({ length: 200 }, open))]
  await last(streams, 1)
  t.ok(timers() < before + 20, `${timers()} timers with 201 followers, ${before} with one`)

  await waitUntil('all have had their first heartbeat', () => streams.every(({ comments }) => comments.includes('ping')))
  const followers = writes.filter((chunks) => chunks.some((chunk) => String(chunk).includes('event: stream_open')))
  for (const chunks of followers) chunks.length = 0
  await waitUntil('another one came', () => followers.every((chunks) => chunks.length > 0))
  t.equal(followers.length, streams.length)
  t.equal(new Set(followers.map(([chunk]) => chunk)).size, 1, 'the same bytes for all')
  for (const stream of streams) stream.destroy()
})

t.test('in Redis a batch is one message and a run one subscription for any number of followers', async (t) => {
  const server = await startRedis(t)
  const { log, keys } = await openRedisRunLog(t, { kind: 'standalone', url: server.url })
  const logger = memoryLogger()
  const connections = createRedisConnections({ kind: 'standalone', url: server.url }, logger)
  const live = new RedisPubSubManager({ connections, keys, probeIntervalMs: 60_000, logger })
  t.teardown(() => live.close())
  const { url } = await startTopicServer(t, log, live)
  await appendTo(log, 'run', numberedLogs(1))
  const streams = await Promise.all(Array.from({ length: 30 }, () => openEventStream(url('run'))))
  await last(streams, 1)

  const [client, counter] = [server.client(), server.client()]
  t.strictSame(await client.pubsub('NUMSUB', keys.live('run')), [keys.live('run'), 1], 'one subscription for 30 followers')
  let messages = 0
  counter.on('message', () => messages++)
  await counter.subscribe(keys.live('run'))
  for (const [first, size] of [[2, 1], [3, 100], [103, 20]] as const) await appendTo(log, 'run', numberedLogs(size, first))
  await last(streams, 122)
  await client.publish(keys.live('run'), 'the last one')
  await waitUntil('the last one came', () => messages >= 4)
  t.equal(messages, 4, 'three for three batches, and the last one')
  for (const stream of streams) stream.destroy()
})

t.test('2,000 followers that reconnect with one Last-Event-ID cost a few reads of the log', async (t) => {
  const { log, live } = await embeddedLog(t)
  const ids = await appendTo(log, 'popular', numberedLogs(250))
  const { url, topics, seen } = await startTopicServer(t, log, live)
  let reads = 0
  const readPage = log.readPage.bind(log)
  log.readPage = (request) => {
    reads++
    return readPage(request)
  }
  const { host, hostname, port, pathname } = new URL(url('popular'))
  const complete = Array.from({ length: 2_000 }, () => new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname).setEncoding('latin1').once('error', reject)
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nLast-Event-ID: ${ids[199]}\r\n\r\n`)
    socket.on('data', (part) => {
      text += String(part)
      if (text.includes(`id: ${ids[249]}\n`)) resolve(text)
    })
    t.teardown(() => socket.destroy())
  }))
  const wanted = ids.slice(200).join()
  for (const text of await Promise.all(complete)) {
    const got = [...text.matchAll(/id: (\S+)\nevent: log\n/g)].map(([, id]) => id).join()
    if (got !== wanted) t.equal(got, wanted)
  }
  t.equal(topics.streams, 2_000)
  t.ok(reads <= 4, `${reads} reads`)
  t.match(seen, { gaps: [], failed: [], fellBack: 0 })
})
