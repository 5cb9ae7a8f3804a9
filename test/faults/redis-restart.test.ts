import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { startRedis, type RedisServer } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'

t.jobs = 3

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always']

interface Scene {
  readonly replicas: readonly Replica[]
  readonly publishers: readonly Publisher[]
  readonly readers: readonly Reader[]
  acknowledged (): number
}

/** Two services, two publishers of one run and six of its readers, with some events on their way. */
async function setUp (t: Test, redis: RedisServer): Promise<Scene> {
  const replicas = await Promise.all([0, 1].map(() => startReplica(t, { REDIS_URL: redis.url })))
  const urls = replicas.map(({ url }) => url)
  const readers = Array.from({ length: 6 }, (_, index) => startReader(t, streamOf(urls[index % 2] ?? '', 'run'), { name: `reader ${index}` }))
  const publishers = urls.map((url, index) => startPublisher(t, { urls: [url], runId: 'run', name: `p${index}`, pauseMs: 5 }))
  const acknowledged = () => publishers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  await waitUntil('events arrive', () => readers.every((reader) => reader.events().length > 20))
  return { replicas, publishers, readers, acknowledged }
}

async function published (scene: Scene, more: number): Promise<void> {
  const from = scene.acknowledged()
  await waitUntil(`${more} more are published`, () => scene.acknowledged() >= from + more)
}

/** Checks that publishers got nothing but success and 503, and none waited in vain. */
function answersAreHonest (t: Test, { publishers }: Scene): void {
  for (const { answers } of publishers) t.same([...answers.keys()].filter((status) => status !== 201 && status !== 503), [])
}

function noReaderReconnected (t: Test, { readers }: Scene): void {
  t.same(readers.map(({ connections }) => connections), readers.map(() => 1), 'streams stay open')
}

t.test('Redis frozen for 5 s: publishes are answered 503 or stored, streams stay open, nothing is missing or doubled', async (t) => {
  const redis = await startRedis(t)
  const scene = await setUp(t, redis)
  for (let round = 1; round <= long(1, 5); round++) {
    await redis.kill('SIGSTOP')
    await delay(5_000)
    await redis.kill('SIGCONT')
    await published(scene, 50)
  }
  await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', ...scene })
  answersAreHonest(t, scene)
  noReaderReconnected(t, scene)
  t.ok((scene.publishers[0]?.answers.get(503) ?? 0) > 0, 'some were refused')
  t.same(scene.readers.flatMap((reader) => reader.gaps()), [])
})

t.test('Redis killed and restarted with its append-only file: nothing is missing or doubled, streams stay open', async (t) => {
  const redis = await startRedis(t, { args: AOF })
  const scene = await setUp(t, redis)
  for (let round = 1; round <= long(3, 20); round++) {
    await redis.kill('SIGKILL')
    await redis.start()
    await published(scene, 50)
  }
  await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', ...scene })
  answersAreHonest(t, scene)
  noReaderReconnected(t, scene)
  t.same(scene.readers.flatMap((reader) => reader.gaps()), [])
})

t.test('Redis restarted empty: every reader is told forked on its open stream, and gets the new events', async (t) => {
  const redis = await startRedis(t)
  const scene = await setUp(t, redis)
  const rounds = long(2, 10)
  for (let round = 1; round <= rounds; round++) {
    await redis.kill('SIGKILL')
    await redis.start()
    await published(scene, 50)
    // A reader that has not heard of this restart before the next one would be told once of both.
    await waitUntil('everyone was told', () => scene.readers.every((reader) => reader.gaps().length >= round))
  }
  await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', ...scene, allowances: { redisMayLose: true } })
  answersAreHonest(t, scene)
  noReaderReconnected(t, scene)
  for (const reader of scene.readers) {
    const gaps = reader.gaps()
    t.equal(gaps.length, rounds, `${reader.reader}: ${gaps.length} gaps`)
    t.same(gaps.map(({ reason, resumedAfter, lost }) => ({ reason, resumedAfter, lost })), gaps.map(() => ({ reason: 'forked', resumedAfter: '0-0', lost: null })))
  }
})

t.test('an append that times out, is carried out by Redis later and repeated by the service is stored once', async (t) => {
  const redis = await startRedis(t)
  const proxy = await startProxy(t, redis.port)
  const replica = await startReplica(t, { REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
  const reader = startReader(t, streamOf(replica.url, 'run'))
  const publishers = Array.from({ length: 10 }, (_, index) => startPublisher(t, { urls: [replica.url], runId: 'run', name: `p${index}`, pauseMs: 5 }))
  const stored = () => publishers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  for (let round = 1; round <= long(3, 20); round++) {
    const from = stored()
    await waitUntil('some are stored', () => stored() > from + 50)
    // Longer than one command may take, and shorter than an append is tried.
    await redis.kill('SIGSTOP')
    await delay(1_300)
    await redis.kill('SIGCONT')
  }
  for (let round = 1; round <= long(3, 20); round++) {
    const from = stored()
    await waitUntil('some are stored', () => stored() > from + 50)
    // Redis carries the appends out at once, but the answers are lost.
    proxy.blackhole('answers')
    await delay(1_100)
    proxy.blackhole(false)
    proxy.cut()
  }
  const log = await proveDelivery(t, { url: replica.url, runId: 'run', publishers, readers: [reader] })
  t.equal(log.events.length, stored(), 'as many as were acknowledged')
  const commands = await redis.client().info('commandstats')
  // The script reads the run's tenant by itself only when it finds an append carried out.
  t.ok(Number(/cmdstat_hget:calls=(\d+)/.exec(commands)?.[1]) > 0, 'appends were repeated')
})
