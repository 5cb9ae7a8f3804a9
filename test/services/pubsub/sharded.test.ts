import keySlot from 'cluster-key-slot'
import t, { type Test } from 'tap'
import { RedisPubSubManager } from '../../../services/pubsub/redis-pubsub-manager.ts'
import { createRedisConnections } from '../../../services/redis/connections.ts'
import { redisKeys } from '../../../services/redis/keys.ts'
import type { LiveMessage } from '../../../services/run-log/live-message.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'
import { startCluster } from '../../helpers/redis/redis-cluster.ts'
import type { RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const keys = redisKeys('workflow_run_events', 0)
const MESSAGE = '{"prev":"0-0","last":"1-1","n":1}'
const cluster = await startCluster(t)

function follow (t: Test, probeIntervalMs = 60_000) {
  const logger = memoryLogger()
  const connections = createRedisConnections({ kind: 'cluster', nodes: cluster.nodes, url: null }, logger)
  connections.command.connect().catch(() => {})
  const manager = new RedisPubSubManager({ connections, keys, probeIntervalMs, logger })
  t.teardown(async () => {
    await manager.close()
    connections.command.disconnect()
  })
  const heard = new Map<string, LiveMessage[]>()
  const restored: string[] = []
  manager.onRestored((runIds) => restored.push(...runIds))
  return {
    manager,
    command: connections.command,
    logger,
    restored,
    heard: (runId: string) => heard.get(runId)?.length ?? 0,
    publish: (runId: string) => connections.command.spublish(keys.live(runId), MESSAGE),
    subscribe: (runId: string) => manager.subscribe(runId, (message) => { heard.set(runId, [...heard.get(runId) ?? [], message]) })
  }
}

async function subscriberCount (server: RedisServer): Promise<number> {
  const list = String(await server.client().client('LIST', 'TYPE', 'PUBSUB')).trim()
  return list === '' ? 0 : list.split('\n').length
}

t.test('the slot of a key is the one that Redis computes', async (t) => {
  const [primary] = cluster.primaries
  for (const key of ['', 'a', '123456789', 'a{b}c', '{}a', '{a', 'ä{ü}', keys.live('build-1'), keys.log('build-1')]) {
    t.equal(keySlot(key), await primary?.client().cluster('KEYSLOT', key), key)
  }
})

t.test('runs are subscribed at the primary of their slot, on one connection per primary', async (t) => {
  const { manager, subscribe, publish, heard } = follow(t)
  const runs = Array.from({ length: 300 }, (_, index) => `run-${index}`)
  const leave = await Promise.all(runs.map(subscribe))
  t.ok(manager.isConnected())
  t.strictSame(await Promise.all(cluster.primaries.map(subscriberCount)), [1, 1, 1])
  t.strictSame(await Promise.all(runs.map(publish)), runs.map(() => 1))
  await waitUntil('all have heard', () => runs.every((run) => heard(run) === 1))
  leave.forEach((leaveOne) => leaveOne())
  await waitUntil('nothing is subscribed', async () => (await Promise.all(runs.map(publish))).every((receivers) => receivers === 0))
})

t.test('the changes of tenants are subscribed at the primaries of their slots', async (t) => {
  const { manager, command } = follow(t)
  const heard: string[] = []
  const tenants = Array.from({ length: 12 }, (_, index) => `tenant-${index}`)
  await Promise.all(tenants.map((tenant) => manager.subscribeChanges(tenant, { changed: (runId) => heard.push(`${tenant} ${runId}`), missed () {} })))
  await waitUntil('the Cluster takes commands', () => command.status === 'ready')
  await Promise.all(tenants.map((tenant) => command.spublish(keys.changed(tenant), 'run')))
  await waitUntil('all have heard', () => heard.length === tenants.length)
  t.strictSame(new Set(heard), new Set(tenants.map((tenant) => `${tenant} run`)))
})

t.test('a run whose slot moves is subscribed at the new primary and restored', async (t) => {
  const { subscribe, publish, heard, restored } = follow(t)
  await Promise.all(['moving', 'other-1', 'other-2', 'other-3', 'other-4'].map(subscribe))
  const slot = keySlot(keys.live('moving'))
  const from = await cluster.ownerOf(slot)
  const to = cluster.primaries.find((primary) => primary !== from)
  if (to === undefined) throw new Error('there is only one primary')
  await cluster.migrate(slot, to)
  await waitUntil('the run is restored', () => restored.includes('moving'))
  await cluster.settle()
  t.equal(await publish('moving'), 1)
  await waitUntil('the message has come', () => heard('moving') === 1)
})

t.test('a primary that is away does not harm the other runs, and its own come back', async (t) => {
  const { manager, subscribe, publish, heard, restored, logger } = follow(t)
  const runs = Array.from({ length: 30 }, (_, index) => `run-${index}`)
  await Promise.all(runs.map(subscribe))
  const down = await cluster.ownerOf(keySlot(keys.live('run-0')))
  const own = new Set<string>()
  for (const run of runs) if (await cluster.ownerOf(keySlot(keys.live(run))) === down) own.add(run)
  const others = runs.filter((run) => !own.has(run))

  await down.kill('SIGKILL')
  await waitUntil('the others still hear', async () => {
    await Promise.allSettled(others.map(publish))
    return others.every((run) => heard(run) > 5)
  })
  t.ok(manager.isConnected())
  await down.start()
  await waitUntil('the runs are restored', () => [...own].every((run) => restored.includes(run)))
  await cluster.settle()
  t.notOk(others.some((run) => restored.includes(run)))
  await waitUntil('all hear again', async () => {
    await Promise.allSettled([...own].map(publish))
    return [...own].every((run) => heard(run) > 0)
  })
  t.ok(logger.lines.length < 10, `${logger.lines.length} lines logged`)
})
