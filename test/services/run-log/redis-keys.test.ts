import { randomUUID } from 'node:crypto'
import { seqOf } from '@runcast/protocol'
import keySlot from 'cluster-key-slot'
import t, { type Test } from 'tap'
import type { RedisTarget } from '../../../services/redis/target.ts'
import type { AppendRequest } from '../../../services/run-log/run-log.ts'
import { startCluster } from '../../helpers/redis/redis-cluster.ts'
import { openRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { startRedis, type RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { append, at, logEvent, logEvents, payloads, read, readAfter, readAll, statusEvent, stepEvent } from './contract/support.ts'

const HOUR_S = 3_600
const WEEK_S = 7 * 86_400

t.test('what is in Redis, and what is told', async (t) => {
  const server = await startRedis(t)
  const target: RedisTarget = { kind: 'standalone', url: server.url }

  await t.test('an entry has its fields in order, and only those that it needs', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    const [first] = await append(log, 'run', [logEvent(1), statusEvent('running'), statusEvent('failed', { outcome: 'failed' })], { tenant: 'acme' })
    const ms = first?.split('-')[0]
    t.same((await redis.xrange(keys.log('run'), '-', '+')).map(([, fields]) => fields), [
      ['t', 'log', 'd', '1', 'p', '0', 'n', 'acme'],
      ['t', 'status_change', 'd', '{"status":"running"}', 'p', ms, 'n', 'acme', 's', 'running'],
      ['t', 'status_change', 'd', '{"status":"failed"}', 'p', ms, 'n', 'acme', 'e', 'failed', 'o', 'failed']
    ])
  })

  await t.test('everything has an end: the log, its state, and what is remembered', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target, { retention: { ttlSeconds: HOUR_S } })
    const appendId = randomUUID()
    const events = [{ ...logEvent(1), once: { key: 'event', bodyHash: '1' } }]
    await append(log, 'run', events, { appendId, once: { key: 'request', bodyHash: '1' }, ingest: { token: 3, hashes: ['h'] } })
    const near = (value: number, expected: number) => t.ok(value > expected * 0.9 && value <= expected, `${value} of ${expected}`)
    near(await redis.ttl(keys.log('run')), HOUR_S)
    near(await redis.ttl(keys.run('run')), HOUR_S + WEEK_S)
    near(await redis.ttl(keys.fence('run')), HOUR_S)
    near(await redis.pttl(keys.append('run', appendId)), 60_000)
    const others = (await server.client().keys(`${keys.log('run').slice(0, -3)}*`)).filter((key) => /:(idem|event):/.test(key))
    t.equal(others.length, 2)
    for (const key of others) near(await redis.pttl(key), 600_000)
  })

  await t.test('a live message carries the events and what they follow', async (t) => {
    const { log, keys } = await openRedisRunLog(t, target)
    const heard = await listen(t, server, keys.live('run'))
    const [a, b] = await append(log, 'run', [logEvent({ n: 1 }), { type: 'x', data: '"ü\\n/"', effect: null }])
    const [c] = await append(log, 'run', [logEvent(3)])
    await waitUntil('both messages have come', () => heard.length === 2)
    t.same(heard, [{ prev: '0-0', events: [[a, 'log', '{"n":1}'], [b, 'x', '"ü\\n/"']] }, { prev: b, events: [[c, 'log', '3']] }])
  })

  await t.test('a live message over 64 KiB only says what to read', async (t) => {
    const { log, keys } = await openRedisRunLog(t, target)
    const heard = await listen(t, server, keys.live('run'))
    const fits = logEvent('x'.repeat(65_000))
    const [a] = await append(log, 'run', [fits])
    // Escaping makes this one too large, though its payload is not.
    const [b] = await append(log, 'run', [logEvent('"'.repeat(25_000))])
    const many = await append(log, 'run', [...logEvents(2), logEvent('y'.repeat(65_536))])
    await waitUntil('all messages have come', () => heard.length === 3)
    t.same(heard, [{ prev: '0-0', events: [[a, 'log', fits.data]] }, { prev: a, last: b, n: 1 }, { prev: b, last: many[2], n: 3 }])
  })

  await t.test('what is stored already is not told again', async (t) => {
    const { log, keys } = await openRedisRunLog(t, target)
    const heard = await listen(t, server, keys.live('run'))
    const request: AppendRequest = { runId: 'run', tenant: '', events: logEvents(2), appendId: randomUUID(), once: { key: 'k', bodyHash: '1' } }
    await log.append(request)
    await log.append(request)
    await log.append({ ...request, appendId: randomUUID() })
    const [id] = await append(log, 'run', logEvents(1, 3))
    await waitUntil('the last message has come', () => JSON.stringify(heard).includes(id ?? ''))
    t.equal(heard.length, 2)
  })

  await t.test('an ingested append is acknowledged once, refused from an older token, and free of tenants', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    const acks = await listen(t, server, keys.acks)
    const ingest = (token: number, payload: number, more: Partial<AppendRequest> = {}) =>
      append(log, 'run', [logEvent(payload)], { ingest: { token, hashes: [`hash ${payload}`] }, ...more })
    const appendId = randomUUID()
    const [first] = await ingest(7, 1, { tenant: 'acme', appendId })
    await ingest(7, 1, { tenant: 'acme', appendId })
    await t.rejects(ingest(6, 2), { code: 'fenced' })
    const [second] = await ingest(8, 3)
    await t.rejects(ingest(7, 4), { code: 'fenced' })
    const [third] = await ingest(8, 5, { tenant: 'other' })
    await t.rejects(append(log, 'run', logEvents(1), { tenant: 'other' }), { code: 'run_not_found' })
    await waitUntil('the last is acknowledged', () => acks.length === 3)
    t.same(acks, [
      { run: 'run', token: 7, hashes: ['hash 1'], last: first },
      { run: 'run', token: 8, hashes: ['hash 3'], last: second },
      { run: 'run', token: 8, hashes: ['hash 5'], last: third }
    ])
    t.same(payloads(await readAll(log, 'run')), [1, 3, 5])
    t.same((await redis.xrange(keys.log('run'), '-', '+')).map(([, fields]) => fields.slice(6)), [
      ['n', 'acme', 'i', 'hash 1'], ['n', 'acme', 'i', 'hash 3'], ['n', 'acme', 'i', 'hash 5']
    ])
    t.equal(await redis.get(keys.fence('run')), '8')
    await waitUntil('the run is on its tenant\'s list', async () => await redis.zscore(keys.index('acme'), 'run') !== null)
    t.equal(await redis.exists(keys.index(''), keys.index('other')), 0)
  })

  await t.test('an end that is older than stored outcomes tells its outcome by its status', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    await append(log, 'old', [stepEvent('s', 'skipped', true), statusEvent('crashed', { outcome: 'cancelled' })])
    await redis.hdel(keys.run('old'), 'outcome')
    await redis.hset(keys.run('old'), 'step:s', '[1,null,"timed_out",1,2,2]')
    t.match(await log.readRun('old'), { outcome: 'failed', terminal: true, steps: [{ status: 'timed_out', outcome: 'failed' }] })
    await redis.hset(keys.run('old'), 'status', 'rolled_back')
    t.match(await log.readRun('old'), { status: 'rolled_back', outcome: null, terminal: true })
  })

  await t.test('a hash that is gone is made from the log: all but the counts and the texts', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target, { retention: { maxBytes: 2_000 } })
    const ids = await append(log, 'run', [statusEvent('running', { name: 'Name' }), statusEvent('rolled_back', { outcome: 'failed' }), logEvent('x'.repeat(900)), statusEvent('running')], { tenant: 'acme' })
    await redis.del(keys.run('run'))
    const page = await readAfter(log, 'run', at(ids, 1))
    t.match(page.facts, { exists: true, last: ids[3], tenant: 'acme', status: 'rolled_back', terminalId: ids[1], counts: null })
    t.equal(page.events.length, 2)
    t.match(await log.readRun('run'), { status: 'rolled_back', outcome: 'failed', terminal: true, tenant: 'acme', events: 4, counts: null, name: null, lastEventId: ids[3] })
    t.ok(await redis.ttl(keys.run('run')) > WEEK_S)

    await redis.del(keys.run('run'))
    await t.rejects(append(log, 'run', logEvents(1)), { code: 'run_not_found' })
    const [next] = await append(log, 'run', [logEvent('y'.repeat(900), { log: 'y' })], { tenant: 'acme' })
    t.equal(seqOf(next ?? ''), 5)
    t.match(await log.readRun('run'), { status: 'rolled_back', outcome: 'failed', events: 5, counts: null, lastLog: 'y' })
    await append(log, 'run', [logEvent('z'.repeat(900))], { tenant: 'acme' })
    t.same((await readAll(log, 'run')).map((event) => seqOf(event.id)), [4, 5, 6])
  })

  await t.test('keys of a wrong type are found before anything is written', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    for (const wrong of [keys.log('run'), keys.run('run'), keys.fence('run')]) {
      await redis.rpush(wrong, 'x')
      await t.rejects(append(log, 'run', [logEvent(1), stepEvent('s', 'running')], { ingest: { token: 1, hashes: ['a', 'b'] } }), { code: 'store_corrupt' }, wrong)
      t.equal(await redis.exists(keys.log('run'), keys.run('run'), keys.fence('run')), 1)
      if (wrong !== keys.fence('run')) await t.rejects(read(log, 'run', { at: 'first' }), { code: 'store_corrupt' }, wrong)
      await redis.del(wrong)
    }
    await redis.hset(keys.run('run'), 'last', '5-5', 'counts', 'not JSON')
    await t.rejects(log.readRun('run'), { code: 'store_corrupt' })
    await redis.xadd(keys.log('foreign'), '1-1', 'a', 'b')
    await redis.hset(keys.run('foreign'), 'last', '1-1')
    await t.rejects(log.readBefore('foreign', null, 5), { code: 'store_corrupt' })
    await append(log, 'other', logEvents(1))
    await redis.set(keys.log('broken'), 'x')
    await redis.zadd(keys.index(''), 2 ** 41, 'broken')
    await waitUntil('the others are listed', async () =>
      (await log.listRuns({ tenant: '', status: null, outcome: null, limit: 10, cursor: null, allows: () => true })).runs.some(({ runId }) => runId === 'other'))
  })

  await t.test('out of memory: appends are refused whole, reads go on', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    await append(log, 'run', logEvents(3))
    const before = await redis.hgetall(keys.run('run'))
    const admin = server.client()
    await admin.config('SET', 'maxmemory', '1mb')
    const refused = await append(log, 'run', logEvents(2, 4)).then(() => null, (error: unknown) => error)
    t.match(refused, { code: 'storage_full', cause: /OOM/ })
    t.notMatch(String(refused), /OOM/)
    t.same(payloads(await readAll(log, 'run')), [1, 2, 3])
    await redis.del(keys.run('run'))
    t.match(await log.readRun('run'), { events: 3, counts: null }, 'the state is rebuilt all the same')
    await admin.config('SET', 'maxmemory', '0')
    await append(log, 'run', logEvents(1, 4))
    t.same(payloads(await readAll(log, 'run')), [1, 2, 3, 4])
    t.equal(before['counts'], '{"log":3}')
  })

  await t.test('the list mends itself by what is read', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    const list = async () => (await log.listRuns({ tenant: '', status: null, outcome: null, limit: 10, cursor: null, allows: () => true })).runs.map(({ runId }) => runId)
    const [id] = await append(log, 'run', logEvents(1))
    const ms = id?.split('-')[0]
    await waitUntil('the run is listed', async () => (await list()).length === 1)
    await redis.del(keys.index(''))
    t.same(await list(), [])
    await log.readRun('run')
    await waitUntil('the run is listed again', async () => (await list()).length === 1)
    await redis.zadd(keys.index(''), 5_000, 'run', Number(ms) + 5_000, 'never-was')
    t.same(await list(), ['run'])
    await waitUntil('the list is right', async () => (await redis.zrange(keys.index(''), 0, '+inf', 'BYSCORE')).join() === 'run' && await redis.zscore(keys.index(''), 'run') === ms)
  })

  await t.test('a lower RUN_TTL_S takes no run off the list that is still kept', async (t) => {
    const MONTH_S = 30 * 86_400
    const { log, keys, redis } = await openRedisRunLog(t, target, { retention: { ttlSeconds: MONTH_S } })
    const listed = (runId: string) => waitUntil(`${runId} is listed`, async () => await redis.zscore(keys.index(''), runId) !== null)
    const [id] = await append(log, 'kept', logEvents(1))
    await listed('kept')
    const ms = Number(id?.split('-')[0])
    await redis.zadd(keys.index(''), ms - (MONTH_S + WEEK_S) * 1_000 - 1, 'gone')
    await redis.zadd(keys.index(''), ms - MONTH_S * 1_000, 'kept')
    const lowered = await openRedisRunLog(t, target, { retention: { ttlSeconds: 60 }, prefix: keys.prefix })
    await append(lowered.log, 'new', logEvents(1))
    await listed('new')
    t.same(await redis.zrange(keys.index(''), 0, '-1'), ['kept', 'new'])
    t.ok(await redis.ttl(keys.index('')) > MONTH_S)
    t.ok(await redis.ttl(keys.log('kept')) > MONTH_S - 60)
    await append(lowered.log, 'kept', logEvents(1, 2))
    t.ok(await redis.ttl(keys.log('kept')) > MONTH_S - 60)
    t.ok(await redis.ttl(keys.run('kept')) > MONTH_S + WEEK_S - 60)
    await redis.del(keys.run('kept'))
    await append(lowered.log, 'kept', logEvents(1, 3))
    t.ok(await redis.ttl(keys.run('kept')) > MONTH_S + WEEK_S - 60, 'also where the state is made anew')
  })

  await t.test('a change is told once per run, however many appends', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    const heard = await listen(t, server, keys.changed(''), (text) => text)
    await append(log, 'lead', logEvents(1))
    await waitUntil('the first change is told', () => heard.length === 1)
    const [, { ids }] = await Promise.all([
      append(log, 'other', logEvents(1)),
      Promise.all(Array.from({ length: 50 }, () => append(log, 'busy', logEvents(2)))).then((all) => ({ ids: all.flat() }))
    ])
    await waitUntil('the list knows the last', async () => await redis.zscore(keys.index(''), 'busy') === at(ids, -1).split('-')[0])
    await waitUntil('both changes are told', () => heard.includes('busy') && heard.includes('other'))
    t.ok(heard.filter((runId) => runId === 'busy').length <= 3, heard.join())
  })

  await t.test('the list lets go of runs whose time is over', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    await redis.zadd(keys.index(''), Date.now() - (HOUR_S + WEEK_S + 60) * 1_000, 'old', Date.now() - (HOUR_S + WEEK_S - 60) * 1_000, 'young')
    await append(log, 'run', logEvents(1))
    await waitUntil('the list is pruned', async () => (await redis.zrange(keys.index(''), 0, '+inf', 'BYSCORE')).join() === 'young,run')
    t.ok(await redis.ttl(keys.index('')) > WEEK_S)
  })

  await t.test('a list that is no list does not keep an append from succeeding', async (t) => {
    const { log, keys, redis } = await openRedisRunLog(t, target)
    await redis.set(keys.index(''), 'x')
    await append(log, 'run', logEvents(1))
    await t.rejects(log.listRuns({ tenant: '', status: null, outcome: null, limit: 10, cursor: null, allows: () => true }), { code: 'store_corrupt' })
    await log.close()
  })
})

t.test('in a Cluster what is told of a run is sharded, acks are not', async (t) => {
  const cluster = await startCluster(t)
  const { log, keys } = await openRedisRunLog(t, { kind: 'cluster', nodes: cluster.nodes, url: null })
  const owner = await cluster.ownerOf(keySlot(keys.live('run')))
  const elsewhere = cluster.primaries.find((primary) => primary !== owner) ?? owner
  const heard = await listen(t, owner, keys.live('run'), JSON.parse, true)
  const acks = await listen(t, elsewhere, keys.acks)
  const changed = await listen(t, await cluster.ownerOf(keySlot(keys.changed(''))), keys.changed(''), (text) => text, true)
  const [id] = await append(log, 'run', [logEvent(1)], { ingest: { token: 1, hashes: ['h'] } })
  await waitUntil('all is told', () => heard.length === 1 && acks.length === 1 && changed.length === 1)
  t.same(heard, [{ prev: '0-0', events: [[id, 'log', '1']] }])
  t.same(acks, [{ run: 'run', token: 1, hashes: ['h'], last: id }])
  t.same(changed, ['run'])
})

/** Subscribes on a connection of its own and gives the list that the messages come into. */
async function listen (t: Pick<Test, 'teardown'>, server: RedisServer, channel: string, parse: (text: string) => unknown = JSON.parse, sharded = false): Promise<unknown[]> {
  const heard: unknown[] = []
  const subscriber = server.client()
  t.teardown(() => subscriber.disconnect())
  subscriber.on(sharded ? 'smessage' : 'message', (_channel: string, text: string) => heard.push(parse(text)))
  await (sharded ? subscriber.ssubscribe(channel) : subscriber.subscribe(channel))
  return heard
}
