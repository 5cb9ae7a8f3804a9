import t, { type Test } from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { startGateway, type Gateway } from './support/gateway.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'

const READERS = 500
const RUNS = 5
const DRAIN_MS = 5_000

interface Scene {
  readonly gateway: Gateway
  /** All readers are here. */
  readonly leaving: Replica
  readonly staying: Replica
  readonly runs: ReadonlyArray<{ readonly runId: string, readonly publisher: Publisher, readonly readers: readonly Reader[] }>
  readonly readers: readonly Reader[]
}

async function setUp (t: Test): Promise<Scene> {
  const redis = await startRedis(t)
  const settings = { REDIS_URL: redis.url, DRAIN_MS: String(DRAIN_MS), STREAM_RETRY_MS: '1000' }
  const [leaving, staying] = await Promise.all([startReplica(t, settings), startReplica(t, settings)])
  const gateway = await startGateway(t, [leaving.port, staying.port])
  const runs = Array.from({ length: RUNS }, (_, run) => {
    const runId = `run-${run}`
    const readers = Array.from({ length: READERS / RUNS }, (_, index) => startReader(t, streamOf(gateway.url, runId), { name: `${runId}/${index}` }))
    return { runId, readers, publisher: startPublisher(t, { urls: [staying.url], runId, pauseMs: 20 }) }
  })
  const readers = runs.flatMap((run) => run.readers)
  await waitUntil('events arrive', () => readers.every((reader) => reader.events().length > 3))
  return { gateway, leaving, staying, runs, readers }
}

async function allResumed (t: Test, { staying, runs, readers }: Scene): Promise<void> {
  await waitUntil('all have resumed', () => readers.every(({ connections, state }) => connections > 1 && state === 'open'))
  t.equal(await staying.metric('runcast_open_streams'), READERS)
  for (const run of runs) await proveDelivery(t, { url: staying.url, ...run, publishers: [run.publisher] })
  t.same(readers.flatMap((reader) => reader.gaps()), [])
}

t.test('a replica with 500 readers is killed: all resume on the other one, complete', async (t) => {
  const scene = await setUp(t)
  scene.leaving.kill('SIGKILL')
  await allResumed(t, scene)
})

t.test('a replica with 500 readers is told to stop: each is told to come back, spread over the drain window, and resumes complete', async (t) => {
  const scene = await setUp(t)
  scene.gateway.takeOut(scene.leaving.port)
  scene.leaving.kill('SIGTERM')
  t.equal(await scene.leaving.exited, 0)
  await allResumed(t, scene)
  const closes = scene.readers.map((reader) => reader.closes[0])
  t.ok(closes.every((close) => close?.reason === 'shutdown'), 'every reader was told')
  const waits = closes.map((close) => close?.retryMs ?? 0)
  t.ok(Math.min(...waits) >= 500 && Math.max(...waits) <= 3_000 && new Set(waits).size > READERS / 10, 'with a time of its own to come back')
  const times = closes.map((close) => close?.at ?? 0)
  const spreadMs = Math.max(...times) - Math.min(...times)
  t.ok(spreadMs > DRAIN_MS / 4, `spread over the drain window: ${Math.round(spreadMs)} ms of ${DRAIN_MS}`)
})
