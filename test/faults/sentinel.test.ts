import t, { type Test } from 'tap'
import type { RedisServer } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import type { LogCopy } from './support/evidence.ts'
import { long } from './support/long.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'
import { startSentinels, type Sentinels } from './support/sentinels.ts'

t.jobs = 3

interface Scene {
  readonly sentinels: Sentinels
  readonly replicas: readonly Replica[]
  readonly publishers: readonly Publisher[]
  readonly readers: readonly Reader[]
  acknowledged (): number
}

async function setUp (t: Test): Promise<Scene> {
  const sentinels = await startSentinels(t)
  const replicas = await Promise.all([0, 1].map(() => startReplica(t, { ...sentinels.settings, POSITION_CHECK_MS: '2000' })))
  const urls = replicas.map(({ url }) => url)
  const readers = Array.from({ length: 6 }, (_, index) => startReader(t, streamOf(urls[index % 2] ?? '', 'run'), { name: `reader ${index}` }))
  const publishers = urls.map((url, index) => startPublisher(t, { urls: [url], runId: 'run', name: `p${index}`, pauseMs: 5 }))
  await waitUntil('events arrive', () => readers.every((reader) => reader.events().length > 20))
  return { sentinels, replicas, publishers, readers, acknowledged: () => publishers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0) }
}

/** Waits until each publisher has got an answer from the new primary; @returns how many events each had acknowledged before that */
async function moved (t: Test, { publishers, sentinels }: Scene, old: RedisServer): Promise<{ primary: RedisServer, before: number[] }> {
  const startedAt = performance.now()
  const primary = await sentinels.successorOf(old)
  const promotedAt = performance.now()
  const before = publishers.map(({ acknowledged }) => acknowledged.length)
  await waitUntil('every publisher goes on', () => publishers.every(({ acknowledged }, index) => acknowledged.length > (before[index] ?? 0) + 20))
  t.comment(`${Math.round(promotedAt - startedAt)} ms to the promotion, ${Math.round(performance.now() - promotedAt)} ms more to go on`)
  return { primary, before }
}

/** Checks that events acknowledged after the move are in the log of the new primary. */
function nothingLostSince (t: Test, { publishers }: Scene, before: readonly number[], log: LogCopy): void {
  const kept = new Map(log.events.map(({ id, name }) => [id, name]))
  const missing = publishers.flatMap(({ acknowledged }, index) => acknowledged.slice(before[index])).filter(({ id, name }) => kept.get(id) !== name)
  t.same(missing, [], 'what the new primary acknowledged is there')
}

t.test('the primary is killed with writes in flight: the service goes on at the new one by itself, nothing is passed over', async (t) => {
  const scene = await setUp(t)
  for (let round = 1; round <= long(1, 4); round++) {
    const old = await scene.sentinels.primary()
    await old.kill('SIGKILL')
    const { before } = await moved(t, scene, old)
    if (round === long(1, 4)) {
      const log = await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', ...scene, allowances: { redisMayLose: true } })
      nothingLostSince(t, scene, before, log)
    }
    await old.start()
    await scene.sentinels.settle(1)
  }
  t.same(scene.readers.map(({ connections }) => connections), scene.readers.map(() => 1), 'streams stay open')
})

t.test('the primary is only frozen: the service leaves it, and does not write to it again when it is back', async (t) => {
  const scene = await setUp(t)
  for (let round = 1; round <= long(1, 4); round++) {
    const old = await scene.sentinels.primary()
    await old.kill('SIGSTOP')
    const { before } = await moved(t, scene, old)
    await old.kill('SIGCONT')
    const published = scene.acknowledged()
    await waitUntil('more is published while two primaries answer', () => scene.acknowledged() > published + 100)
    await scene.sentinels.settle(1)
    await waitUntil('and some more after that', () => scene.acknowledged() > published + 200)
    if (round === long(1, 4)) {
      const log = await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', ...scene, allowances: { redisMayLose: true } })
      nothingLostSince(t, scene, before, log)
    }
  }
  t.same(scene.readers.map(({ connections }) => connections), scene.readers.map(() => 1), 'streams stay open')
})

for (const [title, signal] of [['killed', 'SIGKILL'], ['frozen', 'SIGSTOP']] as const) {
  t.test(`the primary is ${title} when its replica lacks what was acknowledged: every reader is told forked, no id names two events`, async (t) => {
    const scene = await setUp(t)
    const old = await scene.sentinels.primary()
    const behind = scene.sentinels.servers.find((server) => server !== old)
    await behind?.kill('SIGSTOP')
    await old.client().call('CLIENT', 'KILL', 'TYPE', 'replica')
    const common = scene.acknowledged()
    await waitUntil('some are acknowledged that the replica will never have', () => scene.acknowledged() > common + 50)
    await old.kill(signal)
    await behind?.kill('SIGCONT')
    const { before } = await moved(t, scene, old)
    if (signal === 'SIGSTOP') await old.kill('SIGCONT')
    const log = await proveDelivery(t, { url: scene.replicas[0]?.url ?? '', runId: 'run', ...scene, allowances: { redisMayLose: true } })
    nothingLostSince(t, scene, before, log)
    t.same(scene.readers.map((reader) => reader.gaps().map(({ reason }) => reason)), scene.readers.map(() => ['forked']))
    t.ok(scene.readers.every((reader) => reader.gaps().every(({ resumedAfter }) => resumedAfter !== '0-0')), 'after the newest event in common')
    t.same(scene.readers.map(({ connections }) => connections), scene.readers.map(() => 1), 'streams stay open')
  })
}
