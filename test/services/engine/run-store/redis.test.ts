import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createRedisRunStore } from '../../../../services/engine/run-store/redis/redis-run-store.ts'
import type { CommandClient } from '../../../../services/redis/connections.ts'
import type { RedisKeys } from '../../../../services/redis/keys.ts'
import type { RedisTarget } from '../../../../services/redis/target.ts'
import { startCluster } from '../../../helpers/redis/redis-cluster.ts'
import { openRedisRunLog } from '../../../helpers/redis/redis-run-log.ts'
import { startRedis } from '../../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../../helpers/wait-until.ts'
import { begin, record, runStoreContract } from './contract.ts'

async function openStore (t: Test, target: RedisTarget, { ttlSeconds = 3_600, prefix }: { ttlSeconds?: number, prefix?: string } = {}) {
  const { keys, redis } = await openRedisRunLog(t, target, prefix === undefined ? {} : { prefix })
  return { store: createRedisRunStore({ redis, keys, ttlSeconds }), keys, redis }
}

function contract (t: Test, target: RedisTarget): void {
  runStoreContract(t, async (t, ttlSeconds) => {
    const { store, keys, redis } = await openStore(t, target, { ttlSeconds })
    return { store, pass: (ms) => age(redis, { ...keys.engine('r'), named: keys.engineKey('acme', hash('sha256', 'key', 'base64url')) }, ms) }
  })
}

/** Brings the lease of a run and the expiry of its keys forward. */
async function age (redis: CommandClient, { run, names, checkpoints, named }: ReturnType<RedisKeys['engine']> & { readonly named: string }, ms: number): Promise<void> {
  if (await redis.hexists(run, 'lease') === 1) await redis.hincrby(run, 'lease', -ms)
  for (const key of [run, names, checkpoints, named]) {
    const left = await redis.pttl(key)
    if (left > 0) await redis.pexpire(key, left - ms)
  }
}

t.test('the contract of every store, in one Redis', async (t) => {
  const { url } = await startRedis(t)
  contract(t, { kind: 'standalone', url })
})

t.test('the contract of every store, in a Redis Cluster', async (t) => {
  const { nodes } = await startCluster(t)
  contract(t, { kind: 'cluster', nodes, url: null })

  t.test('a run that the index has lost is found in every node', async (t) => {
    const target = { kind: 'cluster', nodes, url: null } as const
    const { store, keys, redis } = await openStore(t, target, { prefix: 'lost' })
    const runIds = Array.from({ length: 12 }, (_, index) => `run-${index}`)
    for (const runId of runIds) await store.create(record(runId))
    await redis.del(keys.unfinished)
    const { store: next } = await openStore(t, target, { prefix: 'lost' })
    t.same([...await next.unfinished()].toSorted(), runIds.toSorted())
  })
})

t.test('in one Redis', async (t) => {
  const server = await startRedis(t, { args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  const target = { kind: 'standalone', url: server.url } as const

  await t.test('a run that the index has lost is found by a new store, and put back by its execution', async (t) => {
    const { store, keys, redis } = await openStore(t, target, { prefix: 'a.b:c' })
    const token = await begin(store, 'r')
    await begin(store, 'over').then((token) => store.finish('over', token))
    await redis.set('{a.b:c:alien}:engine:names', 'no run')
    await redis.del(keys.unfinished)
    t.same(await (await openStore(t, target, { prefix: 'a.b:c' })).store.unfinished(), ['r'])
    await redis.del(keys.unfinished)
    await store.renew('r', token, 1_000)
    t.same(await redis.zrange(keys.unfinished, '0', '-1', 'WITHSCORES'), ['r', String(record('r').createdAt)])
  })

  await t.test('an entry of the index without a run is removed by a claim', async (t) => {
    const { store, keys, redis } = await openStore(t, target)
    await redis.zadd(keys.unfinished, '1', 'gone')
    t.same(await store.unfinished(), ['gone'])
    t.equal(await store.claim('gone', 'a', 1_000), null)
    t.same(await store.unfinished(), [])
  })

  await t.test('everything of a run is in its own slot, and is kept for so long after its end', async (t) => {
    const { store, keys, redis } = await openStore(t, target, { ttlSeconds: 100, prefix: 'slot' })
    const token = await begin(store, 'r')
    await store.save('r', token, [{ key: 'k', value: 1 }])
    const found = await redis.keys('{slot:r}*')
    t.same(found.toSorted(), Object.values(keys.engine('r')).toSorted())
    for (const key of found) t.equal(await redis.ttl(key), -1)
    await store.finish('r', token)
    for (const key of found) t.ok(await redis.ttl(key) > 90, key)
  })

  await t.test('a token that a failover lost is not given again', async (t) => {
    const { store, keys, redis } = await openStore(t, target)
    const token = await begin(store, 'r')
    await redis.hset(keys.engine('r').run, 'token', '0')
    await delay(2)
    const next = await store.claim('r', 'a', 1_000)
    t.ok(next !== null && next > token)
  })

  await t.test('while Redis is away it says so, and goes on when it is back', async (t) => {
    const { store } = await openStore(t, target)
    const token = await begin(store, 'r')
    await server.stop()
    await t.rejects(store.save('r', token, [{ key: 'k', value: 1 }]), { statusCode: 503, code: 'unavailable' })
    await server.start()
    await waitUntil('the checkpoint is saved', () => store.save('r', token, [{ key: 'k', value: 2 }]).then(() => true, () => false))
    t.same(await store.checkpoints('r'), [{ key: 'k', value: 2 }])
  })
})
