import { randomUUID } from 'node:crypto'
import t from 'tap'
import { eventsOf, openEventStream } from '../helpers/http/event-stream.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const token = tokenFor({ sub: 'engine', scope: 'runs:read runs:write' })

function follow ({ url }: App, runId: string, lastEventId?: string) {
  return openEventStream(`${url}/api/v1/workflow-runs/${runId}/stream`, { token, ...(lastEventId === undefined ? {} : { lastEventId }) })
}

async function publish ({ url }: App, runId: string, n: number, key: string = randomUUID()): Promise<Response> {
  return fetch(`${url}/api/v1/workflow-runs/${runId}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ event_type: 'log', payload: { n } })
  })
}

/** Publishes as a careful engine does: again with the same key until it is answered with success. */
async function publishUntilStored (app: App, runId: string, n: number): Promise<void> {
  const key = randomUUID()
  await waitUntil(`event ${n} is stored`, async () => (await publish(app, runId, n, key)).status === 201)
}

const numbers = (stream: Awaited<ReturnType<typeof follow>>) => eventsOf(stream).map(({ data }) => JSON.parse(data).n)
const isNumber = (n: number) => ({ event, data }: { event: string | undefined, data: string }) => event === 'log' && JSON.parse(data).n === n

t.test('a subscriber connection killed again and again costs no event and no reconnect', async (t) => {
  const redis = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: redis.url })
  const admin = redis.client()
  const stream = await follow(app, 'killed')
  const total = 300
  for (let n = 1; n <= total; n++) {
    if (n % 50 === 0) await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await publishUntilStored(app, 'killed', n)
  }
  await stream.waitFor(isNumber(total))
  t.strictSame(numbers(stream), Array.from({ length: total }, (_, index) => index + 1))
  t.notOk(stream.frames.some(({ event }) => event === 'stream_gap'))
  stream.destroy()
})

t.test('while Redis is frozen publishes are answered 503 in time, streams stay open, new ones are told to come back', async (t) => {
  const redis = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: redis.url })
  const stream = await follow(app, 'frozen')
  await publishUntilStored(app, 'frozen', 1)
  await stream.waitFor(isNumber(1))
  redis.kill('SIGSTOP')
  const startedAt = performance.now()
  const refused = await publish(app, 'frozen', 2, 'the-second')
  t.equal(refused.status, 503)
  t.ok(performance.now() - startedAt < 15_000, 'after 2 s, as far as the machine lets it')
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.match(await refused.json(), { code: 'unavailable' })
  const other = await follow(app, 'other')
  await other.ended
  t.equal(other.status, 200)
  t.match(other.frames, [{ event: 'stream_close', data: '{"reason":"unavailable"}', id: undefined }])
  redis.kill('SIGCONT')
  await waitUntil('the repetition is stored', async () => (await publish(app, 'frozen', 2, 'the-second')).status === 201)
  await publishUntilStored(app, 'frozen', 3)
  await stream.waitFor(isNumber(3))
  t.strictSame(numbers(stream), [1, 2, 3], 'what was refused, executed late and repeated is there once')
  stream.destroy()
})

t.test('Redis restarted empty is told as forked on the open connection, and then come the new events', async (t) => {
  const redis = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: redis.url })
  const stream = await follow(app, 'emptied')
  for (const n of [1, 2, 3]) await publishUntilStored(app, 'emptied', n)
  const last = await stream.waitFor(isNumber(3))
  await redis.stop()
  await redis.start()
  await publishUntilStored(app, 'emptied', 4)
  await stream.waitFor(isNumber(4))
  const gap = stream.frames.find(({ event }) => event === 'stream_gap')
  t.match(JSON.parse(gap?.data ?? ''), { reason: 'forked', requested: last.id, resumed_after: '0-0', lost: null })
  t.strictSame(numbers(stream), [1, 2, 3, 4])
  t.equal(stream.frames.indexOf(gap ?? { id: '', event: '', data: '' }), stream.frames.findIndex(isNumber(4)) - 1, 'right before the new events')
  const resumed = await follow(app, 'emptied', last.id)
  await resumed.waitFor(isNumber(4))
  t.match(JSON.parse(resumed.frames[1]?.data ?? ''), { reason: 'forked' })
  stream.destroy()
  resumed.destroy()
})

t.test('the service starts without Redis, says that it is not ready, and is once Redis comes', async (t) => {
  const redis = await startRedis(t)
  await redis.stop()
  const app = await buildApp(t, { REDIS_URL: redis.url })
  t.equal((await fetch(`${app.url}/health/live`)).status, 200)
  t.equal((await fetch(`${app.url}/health/ready`)).status, 503)
  t.equal((await publish(app, 'early', 1)).status, 503)
  await redis.start()
  await waitUntil('it is ready', async () => (await fetch(`${app.url}/health/ready`)).status === 200)
  await publishUntilStored(app, 'early', 1)
})
