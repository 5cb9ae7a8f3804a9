import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { redisKeys } from '../../services/redis/keys.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader, waitForCursor, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'

t.jobs = 3

const keys = redisKeys('workflow_run_events', 0)

interface Scene {
  readonly admin: Redis
  readonly replica: Replica
  readonly readers: readonly Reader[]
  /** A publisher that has published twenty events of a run, which all readers have. */
  readonly first: Publisher
}

async function setUp (t: Test, policy: string): Promise<Scene> {
  const redis = await startRedis(t, { args: ['--maxmemory-policy', policy] })
  const admin = redis.client()
  // A look at a run keeps it from being evicted, so nothing looks for a while.
  const replica = await startReplica(t, { REDIS_URL: redis.url, POSITION_CHECK_MS: '60000', STREAM_HEARTBEAT_MS: '500' })
  const readers = [0, 1, 2].map((index) => startReader(t, streamOf(replica.url, 'run'), { name: `reader ${index}` }))
  const first = startPublisher(t, { urls: [replica.url], runId: 'run', name: 'first', events: 20 })
  await first.done
  await waitForCursor(readers, first.acknowledged.at(-1)?.id ?? '')
  return { admin, replica, readers, first }
}

/** Leaves Redis so little memory that it evicts every key that expires; a key that is to stay must not expire. */
async function evict (admin: Redis, ...gone: readonly string[]): Promise<void> {
  await admin.config('SET', 'maxmemory', 1)
  await waitUntil('they are evicted', async () => await admin.exists(...gone) === 0)
  await admin.config('SET', 'maxmemory', 0)
}

function publishMore (t: Test, { replica }: Scene, name: string): Publisher {
  return startPublisher(t, { urls: [replica.url], runId: 'run', name, events: 20 })
}

t.test('a log that Redis evicted goes on with the next seq when its hash survived, and no publish fails for it', async (t) => {
  const scene = await setUp(t, 'volatile-lru')
  t.equal(await scene.admin.persist(keys.run('run')), 1)
  await evict(scene.admin, keys.log('run'))
  t.equal(await scene.admin.exists(keys.run('run')), 1, 'the hash is there')
  const then = publishMore(t, scene, 'then')
  await then.done
  t.same([...then.answers.keys()].filter((status) => status !== 201 && status !== 503), [])
  const late = startReader(t, streamOf(scene.replica.url, 'run'), { name: 'late' })
  const log = await proveDelivery(t, { url: scene.replica.url, runId: 'run', publishers: [scene.first, then], readers: [...scene.readers, late] })
  t.same([log.start, log.events.length], [scene.first.acknowledged.at(-1)?.id, 20])
  t.same(scene.readers.flatMap((reader) => reader.gaps()), [], 'those who were there miss nothing')
  t.match(late.gaps(), [{ reason: 'expired', requested: null, lost: 20 }])
})

t.test('a run that Redis evicted altogether starts again, announced as forked, and no publish fails for it', async (t) => {
  const scene = await setUp(t, 'volatile-lru')
  await evict(scene.admin, keys.log('run'), keys.run('run'))
  const then = publishMore(t, scene, 'then')
  await then.done
  t.same([...then.answers.keys()].filter((status) => status !== 201 && status !== 503), [])
  const log = await proveDelivery(t, { url: scene.replica.url, runId: 'run', publishers: [scene.first, then], readers: scene.readers, allowances: { redisMayLose: true } })
  t.same([log.start, log.events.length], ['0-0', 20])
  for (const reader of scene.readers) t.match(reader.gaps(), [{ reason: 'forked', resumedAfter: '0-0', lost: null }])
})

t.test('Redis that refuses writes for lack of memory: publishes are answered 503, streams live on, and nothing is doubled after', async (t) => {
  const scene = await setUp(t, 'noeviction')
  await scene.admin.config('SET', 'maxmemory', 1)
  const then = publishMore(t, scene, 'then')
  await waitUntil('publishes are refused', () => (then.answers.get(503) ?? 0) >= 5)
  t.equal(then.acknowledged.length, 0)
  const meanwhile = startReader(t, streamOf(scene.replica.url, 'run'), { name: 'meanwhile' })
  await waitForCursor([meanwhile], scene.first.acknowledged.at(-1)?.id ?? '')
  await scene.admin.config('SET', 'maxmemory', 0)
  await then.done
  t.same([...then.answers.keys()].filter((status) => status !== 201), [503])
  const readers = [...scene.readers, meanwhile]
  const log = await proveDelivery(t, { url: scene.replica.url, runId: 'run', publishers: [scene.first, then], readers })
  t.equal(log.events.length, 40)
  t.same(readers.map((reader) => [reader.connections, reader.gaps().length]), readers.map(() => [1, 0]))
})
