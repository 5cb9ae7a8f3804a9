import { randomUUID } from 'node:crypto'
import { joinEventId, msOf, ORIGIN, seqOf } from '@runcast/protocol'
import t, { type Test } from 'tap'
import { DEADLINE_MS } from '../../../services/redis/persist.ts'
import { startProxy } from '../../helpers/http/tcp-proxy.ts'
import { openRedisRunLog, type OpenRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { freePort, startRedis, type RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { append, at, logEvents, payloads, read, readAfter, readAll } from './contract/support.ts'

// Those that wait for deadlines wait together.
t.jobs = 3
const SLOW = { buffered: true }

t.test('a server that is away: everything fails in time and says so, and works when it is back', SLOW, async (t) => {
  const { server, log } = await setUp(t)
  await append(log, 'run', logEvents(1))
  await server.stop()
  t.match(await log.probe(), { code: 'unavailable' })
  const attempts: Array<() => Promise<unknown>> = [
    () => append(log, 'run', logEvents(1, 2)),
    () => read(log, 'run', { at: 'first' }),
    () => log.readBefore('run', null, 1),
    () => log.newestKept('run', ['1-1']),
    () => log.readRun('run'),
    () => log.listRuns({ tenant: '', status: null, outcome: null, limit: 1, cursor: null, allows: () => true })
  ]
  await Promise.all(attempts.map((attempt) => failsInTime(t, attempt)))
  await server.start()
  await waitUntil('the log answers', async () => await log.probe() === null)
  await append(log, 'run', logEvents(1, 3))
  t.same(payloads(await readAll(log, 'run')), [3])
})

t.test('a server that freezes: appends are repeated under their ids, and none is carried out twice', SLOW, async (t) => {
  const { server, log } = await setUp(t)
  await append(log, 'run', logEvents(1))
  await server.kill('SIGSTOP')
  const names = Array.from({ length: 20 }, () => randomUUID())
  const frozen = names.map((appendId, index) => () => append(log, 'run', logEvents(1, index + 2), { appendId }))
  t.match(await log.probe(), { code: 'unavailable' })
  await Promise.all(frozen.map((attempt) => failsInTime(t, attempt)))
  await server.kill('SIGCONT')
  await waitUntil('the log answers', async () => await log.probe() === null)
  for (const again of frozen) await again()
  const seen = payloads(await readAll(log, 'run'))
  t.same([...seen].sort((a, b) => Number(a) - Number(b)), Array.from({ length: 21 }, (_, index) => index + 1))
})

t.test('a replica refuses, and an append succeeds once it is promoted', SLOW, async (t) => {
  const { server, log } = await setUp(t)
  await append(log, 'run', logEvents(1))
  const admin = server.client()
  await admin.replicaof('127.0.0.1', await freePort())
  await failsInTime(t, () => append(log, 'run', logEvents(1, 2)))
  const appending = append(log, 'run', logEvents(1, 3))
  await admin.replicaof('NO', 'ONE')
  const [id] = await appending
  t.equal(seqOf(id ?? ''), 2)
})

t.test('a server that forgot the scripts is given them again', async (t) => {
  const { server, log } = await setUp(t)
  const admin = server.client()
  for (let round = 1; round <= 3; round++) {
    await admin.script('FLUSH')
    await append(log, 'run', logEvents(1, round))
    await admin.script('FLUSH')
    t.equal((await readAll(log, 'run')).length, round)
  }
})

t.test('a server that restarts with its data: other times, one chain', async (t) => {
  const { server, log } = await setUp(t, ['--appendonly', 'yes', '--appendfsync', 'always'])
  const ids = await append(log, 'run', logEvents(3))
  await server.kill('SIGKILL')
  await server.start()
  await waitUntil('the log answers', async () => await log.probe() === null)
  const { now } = (await read(log, 'run', { at: 'end' })).facts
  const [next] = await append(log, 'run', logEvents(1, 4))
  t.ok(msOf(next ?? '') > now, 'the time leaps ahead of the clock')
  t.ok(msOf(next ?? '') <= Date.now() + 1_001)
  const page = await readAfter(log, 'run', at(ids, 2))
  t.equal(page.resume.gap, null)
  t.match(page.events, [{ id: next, prev: ids[2], data: '4' }])
  const [after] = await append(log, 'run', logEvents(1, 5))
  t.ok(msOf(after ?? '') <= Math.max(msOf(next ?? ''), Date.now()), 'and does not leap again')
})

t.test('a server that restarts empty: followers are told, and no id names two events', async (t) => {
  const { server, log } = await setUp(t)
  const lost = await append(log, 'run', logEvents(5))
  await server.kill('SIGKILL')
  await server.start()
  await waitUntil('the log answers', async () => await log.probe() === null)
  const empty = await readAfter(log, 'run', at(lost, 4))
  t.same(empty.resume, { position: ORIGIN, gap: { reason: 'forked', requested: lost[4], lost: null } })
  const ids = await append(log, 'run', logEvents(5, 10))
  t.same(ids.filter((id) => lost.includes(id)), [])
  for (const cursor of lost) {
    const page = await readAfter(log, 'run', cursor)
    t.match(page.resume, { position: ORIGIN, gap: { reason: 'forked', requested: cursor } })
    t.same(payloads(page.events), [10, 11, 12, 13, 14])
  }
})

t.test('a server that is promoted again without the tail it had: no id names two events, though its clock is behind', async (t) => {
  const { server, log, keys } = await setUp(t)
  const admin = server.client()
  await append(log, 'run', logEvents(1))
  const ahead = joinEventId(Date.now() + 3_600_000, 2)
  await admin.xadd(keys.log('run'), ahead, 't', 'log', 'd', '2', 'p', 0)
  await admin.hset(keys.run('run'), 'last', ahead)
  const old = await Promise.all([keys.log('run'), keys.run('run')].map(async (key) => ({ key, dump: await admin.dumpBuffer(key) })))
  const lost = await append(log, 'run', logEvents(2, 3))
  for (const { key, dump } of old) await admin.restore(key, 0, dump ?? '', 'REPLACE')
  await admin.multi().replicaof('127.0.0.1', await freePort()).replicaof('NO', 'ONE').exec()
  const ids = await append(log, 'run', logEvents(2, 30))
  t.same(ids.map(seqOf), lost.map(seqOf))
  t.same(ids.filter((id) => lost.includes(id)), [])
  t.match((await readAfter(log, 'run', at(lost, 0))).resume.gap, { reason: 'forked' })
})

t.test('an append waits for a server that is back within the deadline', async (t) => {
  const server = await startRedis(t)
  const proxy = await startProxy(t, server.port)
  const { log, redis } = await openRedisRunLog(t, { kind: 'standalone', url: `redis://127.0.0.1:${proxy.port}` })
  await append(log, 'run', logEvents(1))
  proxy.refuse(true)
  proxy.cut()
  await waitUntil('the connection is lost', () => redis.status !== 'ready')
  const appending = append(log, 'other', logEvents(1))
  proxy.refuse(false)
  t.equal((await appending).length, 1)
})

t.test('connections that break in the middle of appends: each is carried out once', async (t) => {
  const server = await startRedis(t)
  const proxy = await startProxy(t, server.port)
  const { log } = await openRedisRunLog(t, { kind: 'standalone', url: `redis://127.0.0.1:${proxy.port}` })
  await append(log, 'run', logEvents(1, 0))
  const done: number[] = []
  const appending = Promise.all(Array.from({ length: 4 }, async (_, lane) => {
    for (let index = 0; index < 25; index++) {
      const payload = 1 + lane * 25 + index
      await append(log, 'run', logEvents(1, payload))
      done.push(payload)
    }
  }))
  for (let cut = 1; cut <= 4; cut++) {
    await waitUntil('some more are done', () => done.length >= cut * 20)
    proxy.cut()
  }
  await appending
  const seen = payloads(await readAll(log, 'run'))
  t.equal(seen.length, 101)
  t.equal(new Set(seen).size, 101)
})

t.test('closing waits for appends that are under way', async (t) => {
  const { log } = await setUp(t)
  let ids: string[] = []
  const appending = append(log, 'run', logEvents(1)).then((result) => { ids = result })
  await log.close()
  t.equal(ids.length, 1)
  await appending
})

async function setUp (t: Test, args: readonly string[] = []): Promise<OpenRedisRunLog & { server: RedisServer }> {
  const server = await startRedis(t, { args })
  return { server, ...await openRedisRunLog(t, { kind: 'standalone', url: server.url }) }
}

async function failsInTime (t: Test, attempt: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  await t.rejects(attempt(), { code: 'unavailable' })
  const took = performance.now() - startedAt
  t.ok(took < DEADLINE_MS + 15_000, `${took} ms`)
}
