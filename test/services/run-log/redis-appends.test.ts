import { randomUUID } from 'node:crypto'
import { seqOf } from '@runcast/protocol'
import t, { type Test } from 'tap'
import type { RedisTarget } from '../../../services/redis/target.ts'
import { startCluster } from '../../helpers/redis/redis-cluster.ts'
import { openRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { startRedis, type RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { append, logEvent, logEvents, payloads, readAll, stepEvent } from './contract/support.ts'

t.test('appends of one turn of the event loop', async (t) => {
  const server = await startRedis(t)
  const target: RedisTarget = { kind: 'standalone', url: server.url }

  await t.test('go to Redis in one call, and are told and acknowledged each on its own', async (t) => {
    const { log, keys } = await openRedisRunLog(t, target)
    await append(log, 'earlier', logEvents(1))
    const calls = await countAppends(t, server, keys.fence('run'))
    const acks: unknown[] = []
    const subscriber = server.client()
    subscriber.on('message', (_channel, text) => acks.push(JSON.parse(text)))
    await subscriber.subscribe(keys.acks)
    const [first, second, other] = await Promise.all([
      append(log, 'run', logEvents(2)),
      append(log, 'run', [logEvent(3)], { ingest: { token: 5, hashes: ['h3'] } }),
      append(log, 'run-2', logEvents(2), { ingest: { token: 5, hashes: ['h1', 'h2'] } })
    ])
    t.same([first, second, other].map((ids) => ids.map(seqOf)), [[1, 2], [3], [1, 2]])
    t.same(payloads(await readAll(log, 'run')), [1, 2, 3])
    t.same(payloads(await readAll(log, 'run-2')), [1, 2])
    await waitUntil('they are acknowledged', () => acks.length === 2)
    t.same(acks, [
      { run: 'run', token: 5, hashes: ['h3'], last: second[0] }, { run: 'run-2', token: 5, hashes: ['h1', 'h2'], last: other[1] }
    ])
    t.equal(await calls(), 1)
  })

  await t.test('do not share what befalls one of them', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    await append(log, 'foreign', logEvents(1), { tenant: 'acme' })
    await append(log, 'fenced', logEvents(1), { ingest: { token: 9, hashes: ['h'] } })
    await append(log, 'named', logEvents(1), { once: { key: 'k', bodyHash: '1' } })
    await redis.rpush(keys.log('list'), 'x')
    await redis.hset(keys.run('broken'), 'last', '5-5', 'counts', 'not JSON')
    const outcomes = await Promise.allSettled([
      append(log, 'before', logEvents(1)),
      append(log, 'foreign', logEvents(1)),
      append(log, 'fenced', logEvents(1), { ingest: { token: 8, hashes: ['h'] } }),
      append(log, 'named', logEvents(1), { once: { key: 'k', bodyHash: '2' } }),
      append(log, 'list', [{ ...logEvent(1), once: { key: 'a', bodyHash: 'b' } }], { once: { key: 'c', bodyHash: 'd' } }),
      append(log, 'broken', logEvents(1)),
      append(log, 'after', logEvents(2))
    ])
    t.match(outcomes, [
      { status: 'fulfilled' },
      { reason: { code: 'run_not_found' } },
      { reason: { code: 'fenced' } },
      { reason: { code: 'idempotency_conflict' } },
      { reason: { code: 'store_corrupt' } },
      { reason: { code: 'store_corrupt' } },
      { status: 'fulfilled' }
    ])
    t.same(payloads(await readAll(log, 'before')), [1])
    t.same(payloads(await readAll(log, 'after')), [1, 2])
    t.equal(await redis.exists(keys.log('broken')), 0)
  })

  await t.test('are carried out once when one id comes twice', async (t) => {
    const { log } = await openRedisRunLog(t, target)
    const appendId = randomUUID()
    const [first, second] = await Promise.all([append(log, 'run', logEvents(2), { appendId }), append(log, 'run', logEvents(2), { appendId })])
    t.same(first, second)
    t.same(payloads(await readAll(log, 'run')), [1, 2])
  })

  await t.test('leave Redis time for others: fifty go in one call, a thousand events, and a mebibyte', async (t) => {
    const { log, keys } = await openRedisRunLog(t, target)
    await append(log, 'earlier', logEvents(1))
    const calls = await countAppends(t, server, keys.fence('run'))
    const ids = await Promise.all(Array.from({ length: 120 }, (_, index) => append(log, 'run', [logEvent(index)])))
    t.same(ids.map(([id]) => seqOf(id ?? '')), Array.from({ length: 120 }, (_, index) => index + 1))
    t.same(payloads(await readAll(log, 'run')), Array.from({ length: 120 }, (_, index) => index))
    t.equal(await calls(), 3)
    await Promise.all([600, 300, 300].map((count) => append(log, 'run', logEvents(count))))
    t.equal(await calls(), 5)
    const large = 'x'.repeat(600_000)
    await Promise.all([1, 2, 3].map(() => append(log, 'run', [logEvent(large)])))
    t.equal(await calls(), 8)
  })

  await t.test('may be as many as there are, each as large as it may be', async (t) => {
    const { log } = await openRedisRunLog(t, target)
    const runs = Array.from({ length: 40 }, (_, index) => `run-${index}`)
    const all = await Promise.all(runs.map((run) => append(log, run, logEvents(1_000))))
    for (const ids of all) t.same(ids.map(seqOf), Array.from({ length: 1_000 }, (_, index) => index + 1))
  })

  await t.test('are done when the log is closed', async (t) => {
    const { log } = await openRedisRunLog(t, target)
    let isDone = false
    const appended = append(log, 'run', logEvents(1)).then(() => { isDone = true })
    await log.close()
    t.ok(isDone)
    await appended
  })
})

t.test('what Redis refuses of one batch is told as what it is', async (t) => {
  const server = await startRedis(t)
  const { log, keys, redis } = await openRedisRunLog(t, { kind: 'standalone', url: server.url })
  await append(log, 'run', logEvents(1))
  const admin = server.client()
  await admin.acl('SETUSER', 'default', 'resetchannels', `&${keys.live('run')}`)
  const appendId = randomUUID()
  const other = () => append(log, 'other', logEvents(1), { appendId })
  const [kept, refused] = await Promise.allSettled([append(log, 'run', logEvents(1)), other()])
  t.match(kept, { status: 'fulfilled' })
  t.match(refused, { reason: { code: 'unavailable' } })
  await admin.acl('SETUSER', 'default', 'allchannels')
  await other()
  t.equal(await redis.xlen(keys.log('other')), 1, 'what was refused after all was written is not written again')
})

t.test('a foreign entry in a log does not keep it from being trimmed', async (t) => {
  const server = await startRedis(t)
  const { log, keys, redis } = await openRedisRunLog(t, { kind: 'standalone', url: server.url }, { retention: { maxEvents: 3 } })
  await append(log, 'run', logEvents(1))
  await redis.xadd(keys.log('run'), '*', 'only', 'one')
  await append(log, 'run', logEvents(4))
  t.equal(await redis.xlen(keys.log('run')), 3)
})

t.test('seq goes on after the newest id that the log ever had, whatever the state says', async (t) => {
  const server = await startRedis(t)
  const { log, keys, redis } = await openRedisRunLog(t, { kind: 'standalone', url: server.url })
  const ids = await append(log, 'ahead', logEvents(2))
  await redis.hset(keys.run('ahead'), 'last', ids[0] ?? '')
  t.same((await append(log, 'ahead', logEvents(1, 3))).map(seqOf), [3])
  t.same(payloads(await readAll(log, 'ahead')), [1, 2, 3])

  await append(log, 'emptied', logEvents(2))
  await redis.xtrim(keys.log('emptied'), 'MAXLEN', 0)
  await redis.del(keys.run('emptied'))
  t.same((await append(log, 'emptied', logEvents(1, 3))).map(seqOf), [3])

  for (const last of [undefined, 'no id']) {
    const run = `deleted ${last}`
    const [id] = await append(log, run, logEvents(1))
    const ahead = `${Number(id?.split('-')[0]) + 60_000}-2`
    await redis.xadd(keys.log(run), ahead, 't', 'log', 'd', '2', 'p', '0')
    await redis.xdel(keys.log(run), ahead)
    if (last !== undefined) await redis.hset(keys.run(run), 'last', last)
    t.same((await append(log, run, logEvents(2, 3))).map(seqOf), [3, 4])
    t.same((await append(log, run, logEvents(1, 5))).map(seqOf), [5])
  }

  await append(log, 'step', [stepEvent('s', 'running')])
  await redis.hset(keys.run('step'), 'step:s', 'not JSON')
  await t.rejects(append(log, 'step', [logEvent(2), stepEvent('s', 'succeeded')]), { code: 'store_corrupt' })
  t.same((await readAll(log, 'step')).map(({ id }) => seqOf(id)), [1])
  t.same((await append(log, 'step', [logEvent(2)])).map(seqOf), [2])
})

t.test('a server of a Cluster that is used as if it were alone takes the appends one by one', async (t) => {
  const server = await startRedis(t, { args: ['--cluster-enabled', 'yes'] })
  await server.client().call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
  await waitUntil('it has all slots', async () => String(await server.client().call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  const { log } = await openRedisRunLog(t, { kind: 'standalone', url: server.url })
  for (const from of [1, 3]) {
    await Promise.all(['a', 'b', 'c'].map((run) => append(log, run, logEvents(2, from))))
  }
  for (const run of ['a', 'b', 'c']) t.same(payloads(await readAll(log, run)), [1, 2, 3, 4])
})

t.test('everything that an append touches has its whole time to live anew', async (t) => {
  const server = await startRedis(t)
  const { log, keys, redis } = await openRedisRunLog(t, { kind: 'standalone', url: server.url })
  const ingested = () => append(log, 'run', logEvents(1), { ingest: { token: 1, hashes: ['h'] } })
  await ingested()
  for (const key of [keys.log('run'), keys.run('run'), keys.fence('run')]) {
    await redis.expire(key, 10)
    await ingested()
    t.ok(await redis.ttl(key) > 3_000, key)
  }
})

t.test('in a Cluster appends of different runs go each to the node of its run', async (t) => {
  const cluster = await startCluster(t)
  const { log } = await openRedisRunLog(t, { kind: 'cluster', nodes: cluster.nodes, url: null })
  const runs = Array.from({ length: 12 }, (_, index) => `run-${index}`)
  await Promise.all(runs.flatMap((run) => [append(log, run, logEvents(2)), append(log, run, logEvents(1, 3))]))
  for (const run of runs) t.same(payloads(await readAll(log, run)), [1, 2, 3])
})

/** @returns how often the script has been called with the fence of a run until now */
async function countAppends (t: Test, server: RedisServer, fence: string): Promise<() => Promise<number>> {
  const client = server.client()
  // ioredis takes a reply to MONITOR and the first command of another client, read at once, for an error.
  await client.ping()
  const monitor = await client.monitor()
  t.teardown(() => monitor.disconnect())
  const heard = new Set<string>()
  let calls = 0
  monitor.on('monitor', (_time: string, args: string[]) => {
    if (/^eval/i.test(args[0] ?? '') && args.includes(fence)) calls++
    if (args[0]?.toLowerCase() === 'echo') heard.add(args[1] ?? '')
  })
  return async () => {
    const mark = randomUUID()
    await client.echo(mark)
    await waitUntil('everything before was heard', () => heard.has(mark))
    return calls
  }
}
