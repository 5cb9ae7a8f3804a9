import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { startCuttableNetwork } from './support/cuttable-network.ts'
import { long } from './support/long.ts'
import { startPublisher } from './support/publisher.ts'
import { startReplica, type Replica } from './support/replica.ts'

t.jobs = 2

const MEBIBYTE = 1_048_576
const RUNS = 10

/** The longest time until all that a reader held is freed, in milliseconds: 30 s, and more for a busy machine. */
const GONE_MS = 90_000

/** The ways in which a reader leaves its connection. */
const WAYS: Readonly<Record<string, { readonly asks: boolean, leave (socket: Socket): void }>> = {
  closes: { asks: true, leave: (socket) => socket.destroy() },
  'half-closes': { asks: true, leave: (socket) => socket.end() },
  resets: { asks: true, leave: (socket) => socket.resetAndDestroy() },
  'never sends its request': { asks: false, leave: () => {} }
}

const HEAD = `Host: localhost\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token()}\r\n\r\n`

/** Opens so many connections, a stream on each if the reader asks for one; resolves when all are open. */
async function open (t: Test, { port }: Replica, count: number, asks: boolean): Promise<Socket[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    if (!asks) return socket
    socket.write(`GET /api/v1/workflow-runs/run-${index % RUNS}/stream HTTP/1.1\r\n${HEAD}`)
    await once(socket, 'data')
    return socket.resume()
  }))
}

interface Holdings {
  readonly files: number
  readonly heap: number
}

async function holdingsOf (replica: Replica): Promise<Holdings> {
  return { files: replica.fileDescriptors(), heap: (await replica.memory()).heapUsed }
}

async function nothingIsHeld (t: Test, replica: Replica, before: Holdings, withinMs: number): Promise<void> {
  const startedAt = performance.now()
  // One connection of the test's own asks for the metrics.
  await waitUntil('the connections are gone', () => replica.fileDescriptors() <= before.files + 1, withinMs + 30_000)
  t.ok(performance.now() - startedAt < withinMs, `gone after ${Math.round((performance.now() - startedAt) / 1_000)} s`)
  t.equal(await replica.metric('runcast_open_streams'), 0)
  t.equal(await replica.metric('runcast_followed_runs'), 0)
}

t.test('5,000 readers close, half-close, reset or never send their request: all that they held is gone within 30 s', async (t) => {
  const redis = await startRedis(t)
  const replica = await startReplica(t, { REDIS_URL: redis.url })
  for (let run = 0; run < RUNS; run++) await startPublisher(t, { urls: [replica.url], runId: `run-${run}`, events: 50, batch: 50 }).done
  const files = replica.fileDescriptors()
  // The first readers make the process load things that it keeps for good. These do not count as held.
  for (const socket of await open(t, replica, 500, true)) socket.destroy()
  await nothingIsHeld(t, replica, { files, heap: 0 }, GONE_MS)
  const before = { ...await holdingsOf(replica), files }
  for (const [way, { asks, leave }] of Object.entries(WAYS)) {
    for (let round = 1; round <= long(1, 5); round++) {
      const sockets = await open(t, replica, 1_250, asks)
      if (asks) t.equal(await replica.metric('runcast_open_streams'), sockets.length, way)
      for (const socket of sockets) leave(socket)
      await nothingIsHeld(t, replica, before, GONE_MS)
    }
  }
  const after = await holdingsOf(replica)
  t.ok(after.heap - before.heap < 12 * MEBIBYTE, `${((after.heap - before.heap) / MEBIBYTE).toFixed(1)} MiB more heap`)
  const subscribed = await redis.client().pubsub('CHANNELS', '*:live')
  t.same(subscribed, [])
})

t.test('readers that vanish without a packet: all that they held is gone at the greatest age of a stream', async (t) => {
  const maxAgeSeconds = 20
  const network = await startCuttableNetwork(t)
  t.comment(network.kind)
  const redis = await startRedis(t)
  const replica = await startReplica(t, {
    REDIS_URL: redis.url, HOST: network.host, STREAM_MAX_AGE_S: String(maxAgeSeconds), STREAM_HEARTBEAT_MS: '1000'
  })
  const files = replica.fileDescriptors()
  await network.open(replica.port, 'run', 1_000)
  const openedAt = performance.now()
  t.equal(await replica.metric('runcast_open_streams'), 1_000)
  const publisher = startPublisher(t, { urls: [replica.url], runId: 'run', pauseMs: 100 })
  network.cut()
  await nothingIsHeld(t, replica, { files, heap: 0 }, maxAgeSeconds * 1_000 + 60_000)
  t.ok(performance.now() - openedAt > maxAgeSeconds * 800, 'not before')
  await publisher.stop()
})
