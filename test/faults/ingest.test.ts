import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { startEngine, type Engine } from './support/engine.ts'
import { long } from './support/long.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'
import { copyLog } from './support/run-log-copy.ts'

t.jobs = 2

const PER_SECOND = 500

interface Scene {
  readonly admin: Redis
  readonly replicas: Replica[]
  readonly engine: Engine
  /** Adds a service and waits until it listens to the engines' channels. */
  join (): Promise<Replica>
}

async function setUp (t: Test): Promise<Scene> {
  const redis = await startRedis(t)
  const admin = redis.client()
  const replicas: Replica[] = []
  const join = async () => {
    const replica = await startReplica(t, { REDIS_URL: redis.url })
    replicas.push(replica)
    await waitUntil('it listens', async () => listeners(admin, replica))
    return replica
  }
  await Promise.all([join(), join()])
  await waitUntil('one of them stores', () => replicas.some((replica) => storesSince(replica) > 0))
  return { admin, replicas, join, engine: startEngine(t, redis.client(), 'run', PER_SECOND) }
}

/** Tells if a service has subscribed to the input channels of all runs. */
async function listeners (admin: Redis, { pid }: Replica): Promise<boolean> {
  const clients = String(await admin.client('LIST', 'TYPE', 'PUBSUB')).split('\n')
  return clients.some((client) => client.includes(`name=runcast:ingest:${pid} `) && client.includes(' psub=1 '))
}

/** The last time at which a service began to store plain PUBLISH, in milliseconds since 1970; 0 if never. */
function storesSince (replica: Replica): number {
  return replica.logged().findLast(({ msg }) => msg === 'This process stores plain PUBLISH messages now')?.time ?? 0
}

/** The replica that stores now, and another one. */
function holderOf ({ replicas }: Scene): [holder: Replica, other: Replica] {
  const [holder, other] = replicas.toSorted((a, b) => storesSince(b) - storesSince(a))
  if (holder === undefined || other === undefined) throw new Error('there are not two replicas')
  return [holder, other]
}

async function sentMore ({ engine }: Scene, events: number): Promise<void> {
  const from = engine.sent.length
  await waitUntil(`${events} more are sent`, () => engine.sent.length >= from + events)
}

/** Checks that every sent event is in the log once and in order, and that every reader has it. */
async function allStored (t: Test, url: string, { engine }: Scene, readers: readonly Reader[]): Promise<void> {
  await engine.stop()
  await waitUntil('all is stored', async () => (await copyLog(url, 'run')).events.length >= engine.sent.length)
  const log = await proveDelivery(t, { url, runId: 'run', publishers: [], readers })
  const stored = log.events.map(({ name }) => name)
  t.equal(stored.length, engine.sent.length, `${engine.sent.length} sent`)
  t.same(stored.filter((name, index) => name !== engine.sent[index]).slice(0, 10), [], 'each once and in order')
}

t.test('the replica that stores plain PUBLISH messages is killed at 500 a second: none is lost, none doubled', async (t) => {
  const scene = await setUp(t)
  for (let round = 1; round <= long(2, 10); round++) {
    await sentMore(scene, 500)
    const [holder, other] = holderOf(scene)
    scene.replicas.splice(scene.replicas.indexOf(holder), 1)
    holder.kill('SIGKILL')
    await waitUntil('the other one stores', () => storesSince(other) > 0)
    await sentMore(scene, 250)
    await scene.join()
  }
  const url = scene.replicas[0]?.url ?? ''
  await allStored(t, url, scene, [startReader(t, streamOf(url, 'run'))])
})

t.test('a replica paused for longer than its lease comes back and believes that it stores: what it appends is refused, nothing is doubled', async (t) => {
  const scene = await setUp(t)
  const readers = scene.replicas.map(({ url }, index) => startReader(t, streamOf(url, 'run'), { name: `reader ${index}` }))
  for (let round = 1; round <= long(3, 20); round++) {
    await sentMore(scene, 500)
    const [holder, other] = holderOf(scene)
    holder.kill('SIGSTOP')
    await waitUntil('the other one stores', () => storesSince(other) > storesSince(holder))
    await delay(500)
    holder.kill('SIGCONT')
  }
  await sentMore(scene, 500)
  await allStored(t, scene.replicas[0]?.url ?? '', scene, readers)
})
