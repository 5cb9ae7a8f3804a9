import { setTimeout as delay } from 'node:timers/promises'
import keySlot from 'cluster-key-slot'
import t, { type Test } from 'tap'
import { redisKeys } from '../../services/redis/keys.ts'
import { NODE_TIMEOUT_MS } from '../helpers/redis/redis-cluster.ts'
import type { RedisServer } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'
import { startSixNodes, type SixNodes } from './support/six-nodes.ts'

t.jobs = 2

const keys = redisKeys('workflow_run_events', 0)
const slotOf = (runId: string) => keySlot(keys.log(runId))

interface FollowedRun {
  readonly runId: string
  /** The primary that had it at the start. */
  readonly primary: RedisServer
  readonly publisher: Publisher
  readonly readers: readonly Reader[]
}

interface Scene {
  readonly nodes: SixNodes
  readonly replicas: readonly Replica[]
  readonly runs: readonly FollowedRun[]
  on (primary: RedisServer): FollowedRun[]
  elsewhere (primary: RedisServer): FollowedRun[]
}

/** Twelve followed runs on three primaries, through two services. */
async function setUp (t: Test): Promise<Scene> {
  const nodes = await startSixNodes(t)
  const replicas = await Promise.all([0, 1].map(() => startReplica(t, { ...nodes.settings, POSITION_CHECK_MS: '2000' })))
  const urls = replicas.map(({ url }) => url)
  const runs: FollowedRun[] = []
  for (let index = 0; index < 12; index++) {
    const runId = `run-${index}`
    runs.push({
      runId,
      primary: await nodes.ownerOf(slotOf(runId)),
      publisher: startPublisher(t, { urls: [urls[index % 2] ?? ''], runId, pauseMs: 25 }),
      readers: urls.map((url, reader) => startReader(t, streamOf(url, runId), { name: `${runId}/${reader}` }))
    })
  }
  await waitUntil('events arrive', () => runs.every(({ readers }) => readers.every((reader) => reader.events().length > 5)))
  return {
    nodes,
    replicas,
    runs,
    on: (primary) => runs.filter((run) => run.primary === primary),
    elsewhere: (primary) => runs.filter((run) => run.primary !== primary)
  }
}

async function published (runs: readonly FollowedRun[], more: number): Promise<void> {
  const from = runs.map(({ publisher }) => publisher.acknowledged.length)
  await waitUntil(`every run gets ${more} more events`, () =>
    runs.every(({ publisher }, index) => publisher.acknowledged.length >= (from[index] ?? 0) + more))
}

async function allDelivered (t: Test, { replicas, runs }: Scene, redisMayLose = false): Promise<void> {
  for (const { runId, publisher, readers } of runs) {
    await proveDelivery(t, { url: replicas[0]?.url ?? '', runId, publishers: [publisher], readers, allowances: { redisMayLose } })
    t.same(readers.map(({ connections }) => connections), [1, 1], 'streams stay open')
  }
}

/** Checks that no node got a command that a Cluster must never get, or refused one that spans slots. */
async function nothingForbidden (t: Test, { nodes }: Scene): Promise<void> {
  const counts = await nodes.counts()
  t.ok((counts.get('evalsha') ?? 0) > 0)
  for (const name of ['keys', 'CROSSSLOT', 'randomkey', 'flushall']) t.equal(counts.get(name), undefined, name)
}

t.test('a primary is killed: its replica takes over, its runs go on complete, those of other shards notice nothing', async (t) => {
  const scene = await setUp(t)
  const [killed] = scene.nodes.primaries
  if (killed === undefined) throw new Error('there is no primary')
  const refusals = () => scene.elsewhere(killed).map(({ publisher }) => publisher.answers.get(503) ?? 0)
  await killed.kill('SIGKILL')
  await published(scene.elsewhere(killed), 20)
  await published(scene.on(killed), 20)
  // A machine that is too busy refuses one now and then.
  t.ok(refusals().every((count) => count < 10), `publishes to other shards are not refused: ${refusals().join()}`)
  t.same(scene.elsewhere(killed).flatMap(({ readers }) => readers.flatMap((reader) => reader.gaps())), [])
  await allDelivered(t, scene, true)
  await nothingForbidden(t, scene)
})

t.test('a shard is down without a successor: little CPU, few lines in the log, other shards go on, and it comes back', async (t) => {
  const scene = await setUp(t)
  const [down] = scene.nodes.primaries
  const spare = down === undefined ? undefined : scene.nodes.replicas.get(down)
  if (down === undefined || spare === undefined) throw new Error('there is no primary with a replica')
  const seconds = long(10, 60)
  // Publishing to other shards, and retrying on the shard that is down, would cost CPU of its own.
  await Promise.all(scene.runs.map(({ publisher }) => publisher.stop()))
  await Promise.all([spare, down].map((node) => node.kill('SIGSTOP')))
  await spare.kill('SIGKILL')
  await down.kill('SIGKILL')
  // After this time all nodes know that the shard is down.
  await delay(3 * NODE_TIMEOUT_MS)
  const startedAt = performance.now()
  const before = scene.replicas.map((replica) => ({ cpu: replica.cpuSeconds(), lines: troubles(replica) }))
  await delay(seconds * 1_000)
  const passed = (performance.now() - startedAt) / 1_000
  for (const [index, replica] of scene.replicas.entries()) {
    const cpu = (replica.cpuSeconds() - (before[index]?.cpu ?? NaN)) / passed
    t.ok(cpu < 0.6, `${Math.round(cpu * 100)} % CPU`)
    const lines = troubles(replica) - (before[index]?.lines ?? 0)
    t.ok(lines <= passed / 5 + 3, `${lines} lines in ${Math.round(passed)} s`)
  }
  const others = scene.elsewhere(down).map((run) => ({ ...run, publisher: startPublisher(t, { urls: [scene.replicas[0]?.url ?? ''], runId: run.runId, name: 'meanwhile', pauseMs: 25 }) }))
  await published(others, 20)
  await Promise.all(others.map(({ publisher }) => publisher.stop()))
  await down.start()
  const again = scene.on(down).map((run) => ({ ...run, publisher: startPublisher(t, { urls: [scene.replicas[0]?.url ?? ''], runId: run.runId, name: 'again', pauseMs: 25 }) }))
  await published(again, 20)
  for (const { runId, publisher, readers } of [...others, ...again]) {
    const first = scene.runs.find((run) => run.runId === runId)?.publisher
    const publishers = first === undefined ? [publisher] : [first, publisher]
    await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId, publishers, readers, allowances: { redisMayLose: true } })
    t.same(readers.map(({ connections }) => connections), [1, 1], 'streams stay open')
  }
  await nothingForbidden(t, scene)
})

t.test('slots of followed runs move to another primary and back: nothing is missing or doubled', async (t) => {
  const scene = await setUp(t)
  const moving = scene.runs.slice(0, 4)
  for (let round = 1; round <= long(2, 10); round++) {
    for (const { runId } of moving) {
      const from = await scene.nodes.ownerOf(slotOf(runId))
      const to = scene.nodes.primaries.find((primary) => primary !== from)
      if (to !== undefined) await scene.nodes.migrate(slotOf(runId), to)
    }
    await published(scene.runs, 10)
  }
  await allDelivered(t, scene)
  t.same(scene.runs.flatMap(({ readers }) => readers.flatMap((reader) => reader.gaps())), [])
  await nothingForbidden(t, scene)
})

/** The number of warnings and errors that a service has logged. */
function troubles (replica: Replica): number {
  return replica.logged().filter(({ level }) => level >= 40).length
}
