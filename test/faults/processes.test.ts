import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { within } from '../../services/redis/persist.ts'
import { eventsOf, openEventStream } from '../helpers/http/event-stream.ts'
import { ask } from '../helpers/http/http.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory, tokenFor } from '../helpers/service/app.ts'
import { startServer } from '../helpers/service/server-process.ts'
import { TEST_SECRET } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const token = tokenFor({ scope: 'runs:read runs:write' })
const pidsIn = (log: string, message: string) => new Set([...log.matchAll(/"pid":(\d+)[^\n]*"msg":"([^"]*)"/g)].filter(([, , msg]) => msg?.startsWith(message)).map(([, pid]) => pid))

async function publish (url: string, runId: string, n: number): Promise<number> {
  const response = await fetch(`${url}/api/v1/workflow-runs/${runId}/events`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ event_type: 'log', payload: { n } })
  })
  await response.arrayBuffer()
  return response.status
}

t.test('several processes share one port, any of them serves any run, and one that is killed is replaced', async (t) => {
  const redis = await startRedis(t)
  const server = startServer(t, { PORT: '0', WEB_CONCURRENCY: '2', REDIS_URL: redis.url, JWT_SECRET: TEST_SECRET, DATA_DIR: await temporaryDirectory(t) })
  const [, url = ''] = await server.printed(/"msg":"Server listening at (http:\/\/127\.0\.0\.1:\d+)"/)
  await waitUntil('both listen', () => pidsIn(server.stdout(), 'Server listening').size === 2)
  await waitUntil('Redis is reached', async () => (await publish(url, 'shared', 1)) === 201)
  const streams = await Promise.all(Array.from({ length: 8 }, () => openEventStream(`${url}/api/v1/workflow-runs/shared/stream`, { token })))
  await publish(url, 'shared', 2)
  for (const stream of streams) {
    await stream.waitFor(({ data }) => data === '{"n":2}')
    t.strictSame(eventsOf(stream).map(({ data }) => data), ['{"n":1}', '{"n":2}'])
  }
  const serving = pidsIn(server.stdout(), 'stream opened')
  t.equal(serving.size, 2, 'both processes have streams')

  const [victim] = serving
  process.kill(Number(victim), 'SIGKILL')
  await waitUntil('another one took its place', () => pidsIn(server.stdout(), 'Server listening').size === 3)
  t.match(server.stdout(), 'a process ended and is replaced')
  t.equal(await publish(url, 'shared', 3), 201)

  server.kill('SIGTERM')
  t.equal(await server.exited, 0)
  for (const stream of streams) await stream.ended
  const told = streams.filter(({ frames }) => frames.at(-1)?.event === 'stream_close').length
  t.ok(told > 0 && told < streams.length, 'those of the living process were told, those of the killed one were cut')
})

t.test('a start that can not succeed ends all processes', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const redis = await startRedis(t)
  const server = startServer(t, { PORT: String(port), WEB_CONCURRENCY: '2', REDIS_URL: redis.url, JWT_SECRET: TEST_SECRET })
  t.equal(await server.exited, 1)
  t.match(server.stderr(), `Something else listens on 127.0.0.1 port ${port}. Stop it, or set PORT.`)
})

t.test('a login code is good at any of several processes', async (t) => {
  const redis = await startRedis(t)
  const server = startServer(t, { PORT: '0', WEB_CONCURRENCY: '2', REDIS_URL: redis.url, DATA_DIR: await temporaryDirectory(t) })
  const [, origin = '', code] = await server.printed(/Log in with: {3}(http:\/\/127\.0\.0\.1:\d+)\/login#code=([\w-]{20,})\n/)
  const redeem = () => fetch(`${origin}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }) })
  t.equal((await redeem()).status, 201)
  for (let attempt = 0; attempt < 4; attempt++) t.equal((await redeem()).status, 401, 'and once')
  t.equal(server.stdout().match(/Runcast is up/g)?.length, 1)
  server.kill('SIGTERM')
  t.equal(await server.exited, 0)
})

t.test('the metrics of several processes are one sum that never goes back, and they are ready when all are', async (t) => {
  const redis = await startRedis(t)
  const server = startServer(t, { PORT: '0', WEB_CONCURRENCY: '2', REDIS_URL: redis.url, JWT_SECRET: TEST_SECRET, DATA_DIR: await temporaryDirectory(t) })
  const [, url = ''] = await server.printed(/"msg":"Server listening at (http:\/\/127\.0\.0\.1:\d+)"/)
  const [first = ''] = server.stdout().split('\n')
  t.match(JSON.parse(first), { store: { kind: 'redis', mode: 'standalone' }, authentication: 'hs256_secret', ingest: 'on', processes: 2 })
  t.equal(server.stdout().match(/"processes":2/g)?.length, 1, 'one process tells it for all')

  const readiness = async () => (await ask(`${url}/health/ready`)).status
  const scrape = async (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await ask(`${url}/metrics`)).body)?.[1])
  const appended = () => scrape('runcast_appended_events_total')
  const headers = { authorization: `Bearer ${token}` }
  const publishOne = async () => (await ask(`${url}/api/v1/workflow-runs/counted/events`, { method: 'POST', headers, body: { payload: 1 } })).status

  await waitUntil('all are ready', async () => await readiness() === 200)
  t.equal(pidsIn(server.stdout(), 'Server listening').size, 2)
  for (let n = 0; n < 6; n++) t.equal(await publishOne(), 201)
  for (let n = 0; n < 6; n++) t.equal(await appended(), 6)
  await Promise.all(Array.from({ length: 4 }, () => openEventStream(`${url}/api/v1/workflow-runs/counted/stream`, { token })))
  for (let n = 0; n < 2; n++) t.equal(await scrape('runcast_open_streams'), 4)
  const [victim = 0, other = 0] = [...pidsIn(server.stdout(), 'stream opened')].map(Number)

  // A process that is stopped still gets one connection, and no other while that one waits.
  process.kill(victim, 'SIGSTOP')
  const waiting = ask(`${url}/health/live`).catch(() => null)
  const whileStopped = await Promise.all([appended(), appended(), readiness()].map((answer) => within(20_000, answer).catch(() => null)))
  t.ok(whileStopped.some((answer) => answer === 6) && whileStopped.every((answer) => answer === 6 || answer === 200 || answer === null), String(whileStopped))

  process.kill(victim, 'SIGKILL')
  // A connection that the killed process had not accepted may stay open without an answer.
  await within(20_000, waiting).catch(() => null)
  await waitUntil('the end is noticed', () => server.stdout().includes('a process ended and is replaced'))
  t.equal(await readiness(), 503)
  t.equal(await appended(), 6, 'its count stays')
  await waitUntil('another one took its place', async () => {
    if (await readiness() === 200) return true
    const count = await appended()
    if (count !== 6) t.fail(`${count} instead of 6`)
    return false
  })
  t.equal(await publishOne(), 201)
  for (let n = 0; n < 4; n++) t.equal(await appended(), 7)
  t.ok(pidsIn(server.stdout(), 'Server listening').has(String(other)))
  server.kill('SIGTERM')
  t.equal(await server.exited, 0)
})
