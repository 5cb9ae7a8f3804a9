import t from 'tap'
import { openEventStream } from '../helpers/http/event-stream.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const PATH = '/api/v1/diagnostics/stream'

t.test('the ticks come in order with their times, one of them large, and then the end', async (t) => {
  const app = await buildApp(t)
  const stream = await openEventStream(`${app.url}${PATH}?ticks=5&interval_ms=10`, { token: token({ scope: 'runs:read' }), lastEventId: '12-3' })
  t.match(stream, { status: 200, headers: { 'content-type': /^text\/event-stream/, 'x-accel-buffering': 'no', 'cache-control': 'no-cache, no-transform' } })
  await stream.ended
  t.strictSame(stream.frames.map(({ event }) => event), ['diagnostics', 'tick', 'tick', 'tick', 'tick', 'tick'])
  const [first, ...ticks] = stream.frames.map(({ data }) => JSON.parse(data))
  t.match(first, { ticks: 5, interval_ms: 10, heartbeat_ms: 15_000, last_event_id: '12-3' })
  t.ok(Math.abs(first.now - Date.now()) < 60_000)
  t.notOk('redis' in first)
  t.same(ticks.map(({ sequence }) => sequence), [1, 2, 3, 4, 5])
  t.same(ticks.map(({ padding = '' }) => padding.length > 60_000), [false, false, true, false, false])
  t.ok(ticks.every(({ sent_at: sentAt }, index) => sentAt - (ticks[index - 1]?.sent_at ?? first.now) >= 9))
})

t.test('without ticks it ends at once; parameters out of bounds are refused, unknown ones are not', async (t) => {
  const app = await buildApp(t)
  const stream = await openEventStream(`${app.url}${PATH}?ticks=0&utm_source=x`, { token: token() })
  await stream.ended
  t.strictSame(stream.frames.map(({ event }) => event), ['diagnostics'])
  t.match(JSON.parse(stream.frames[0]?.data ?? ''), { last_event_id: null })
  for (const query of ['ticks=21', 'ticks=-1', 'interval_ms=5', 'interval_ms=60001', 'ticks=x']) {
    const response = await app.call(`${PATH}?${query}`)
    t.equal(response.status, 400, query)
    await response.arrayBuffer()
  }
})

t.test('it takes a token with runs:read', async (t) => {
  const app = await buildApp(t)
  t.equal((await fetch(`${app.url}${PATH}`)).status, 401)
  t.equal((await app.call(PATH, { headers: { authorization: `Bearer ${token({ scope: 'runs:write' })}` } })).status, 403)
  t.equal((await app.call(PATH, { headers: { accept: 'text/html' } })).status, 406)
})

t.test('only runs:admin is told of Redis', async (t) => {
  const redis = await startRedis(t, { args: ['--maxmemory-policy', 'allkeys-random'] })
  const app = await buildApp(t, { REDIS_URL: redis.url })
  const firstFrame = async (scope: string) => {
    const stream = await openEventStream(`${app.url}${PATH}?ticks=1&interval_ms=10`, { token: token({ scope }) })
    await stream.ended
    return JSON.parse(stream.frames[0]?.data ?? '')
  }
  t.match((await firstFrame('runs:admin')).redis, [{ setting: 'maxmemory-policy', value: 'allkeys-random' }, { setting: 'appendonly', value: 'no' }])
  t.notOk('redis' in await firstFrame('runs:read'))
  await redis.kill('SIGKILL')
  t.match((await firstFrame('runs:admin')).redis, [{ setting: 'connection', value: null }])
})

t.test('a client that leaves gives its place back, and a shutdown ends the stream', async (t) => {
  const app = await buildApp(t, { MAX_STREAMS: '1' })
  const leaving = await openEventStream(`${app.url}${PATH}?ticks=1&interval_ms=60000`, { token: token() })
  await leaving.waitFor(({ event }) => event === 'diagnostics')
  const refused = await openEventStream(`${app.url}${PATH}`, { token: token() })
  await refused.ended
  t.match(refused.frames, [{ event: 'stream_close', data: '{"reason":"limit"}' }])
  leaving.destroy()
  await waitUntil('the place is free', () => app.app.streamLimits.open === 0)
  const staying = await openEventStream(`${app.url}${PATH}?ticks=1&interval_ms=60000`, { token: token() })
  await staying.waitFor(({ event }) => event === 'diagnostics')
  await app.close()
  await staying.ended
  t.same(staying.frames.map(({ event }) => event), ['diagnostics'])
})
