import { msOf } from '@runcast/protocol'
import t, { type Test } from 'tap'
import { startRedis, type RedisServer } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import type { LogCopy } from './support/evidence.ts'
import { startFakeClock } from './support/fake-clock.ts'
import { long } from './support/long.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'
import { reachesReplica } from './support/replication.ts'
import { startSentinels } from './support/sentinels.ts'

t.jobs = 2

const STEP_SECONDS = 600

interface Scene {
  readonly replicas: readonly Replica[]
  readonly readers: readonly Reader[]
}

async function setUp (t: Test, settings: Record<string, string>): Promise<Scene> {
  const replicas = await Promise.all([0, 1].map(() => startReplica(t, settings)))
  const readers = replicas.flatMap(({ url }, index) => [0, 1].map((n) => startReader(t, streamOf(url, 'run'), { name: `reader ${index}${n}` })))
  return { replicas, readers }
}

/** Starts two publishers, which publish until they are stopped. */
function publish (t: Test, { replicas }: Scene, name: string): Publisher[] {
  return replicas.map(({ url }, index) => startPublisher(t, { urls: [url], runId: 'run', name: `${name}${index}`, pauseMs: 5 }))
}

async function published (publishers: readonly Publisher[], more: number): Promise<void> {
  const from = publishers.map(({ acknowledged }) => acknowledged.length)
  await waitUntil(`each publishes ${more} more`, () => publishers.every(({ acknowledged }, index) => acknowledged.length >= (from[index] ?? 0) + more))
}

/** The distance of a server's clock from this process's clock, in seconds. */
async function secondsOff (server: RedisServer): Promise<number> {
  const [seconds] = await server.client().time()
  return Math.round(Number(seconds) - Date.now() / 1_000)
}

/** Checks that the ids stand still rather than go back, and that no publisher or reader noticed. */
function nobodyNoticed (t: Test, { readers }: Scene, log: LogCopy): void {
  t.ok(log.events.every(({ id }, index) => msOf(id) >= msOf(log.events[index - 1]?.id ?? '0-0')), 'no time is less than the one before')
  t.same(readers.map((reader) => [reader.connections, reader.gaps()]), readers.map(() => [1, []]))
}

t.test('the clock of the Redis host steps back 10 minutes: ids go on increasing, without holes', async (t) => {
  const clock = await startFakeClock(t)
  const redis = await startRedis(t, { env: clock.env })
  const scene = await setUp(t, { REDIS_URL: redis.url })
  const publishers = publish(t, scene, 'p')
  for (let round = 1; round <= long(3, 20); round++) {
    await published(publishers, 50)
    clock.set(-STEP_SECONDS * round)
    await waitUntil('the clock has stepped', async () => await secondsOff(redis) < -STEP_SECONDS * round + 60)
  }
  await published(publishers, 50)
  const log = await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', publishers, ...scene })
  nobodyNoticed(t, scene, log)
})

t.test('a failover leads to a host whose clock is 10 minutes behind: ids go on increasing, without holes', async (t) => {
  const clock = await startFakeClock(t)
  clock.set(-STEP_SECONDS)
  const sentinels = await startSentinels(t, { env: (server) => server === 0 ? {} : clock.env })
  const scene = await setUp(t, { ...sentinels.settings, POSITION_CHECK_MS: '2000' })
  const publishers = publish(t, scene, 'before')
  await published(publishers, 50)
  await Promise.all(publishers.map((publisher) => publisher.stop()))
  const old = await sentinels.primary()
  // Writes that have not arrived at the replica would be lost, which is another fault.
  await reachesReplica(old)
  const newest = publishers.map(({ acknowledged }) => acknowledged.at(-1)?.id ?? '').toSorted((a, b) => msOf(a) - msOf(b)).at(-1) ?? ''
  await old.kill('SIGKILL')
  const then = publish(t, scene, 'then')
  const primary = await sentinels.successorOf(old)
  t.ok(await secondsOff(primary) < -STEP_SECONDS + 60, 'the clock of the new primary is behind')
  await published(then, 50)
  const log = await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', publishers: [...publishers, ...then], ...scene })
  nobodyNoticed(t, scene, log)
  t.ok(then.every(({ acknowledged }) => acknowledged.every(({ id }) => msOf(id) > msOf(newest))), 'and leap ahead of what was there')
})
