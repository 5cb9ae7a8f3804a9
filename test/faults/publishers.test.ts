import t, { type Test } from 'tap'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { numberedPayload } from './support/event-names.ts'
import { long } from './support/long.ts'
import { startPublisher } from './support/publisher.ts'
import { startReader, waitForCursor } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'
import { copyLog } from './support/run-log-copy.ts'

t.jobs = 3

const PUBLISHERS = 20

for (const store of ['Redis, through two services', 'the embedded log'] as const) {
  t.test(`20 publishers append to one run at once in ${store}: one order, the same for all readers`, async (t) => {
    const replicas: Replica[] = []
    if (store === 'the embedded log') replicas.push(await startReplica(t, { DATA_DIR: await temporaryDirectory(t) }))
    else {
      const { url } = await startRedis(t)
      replicas.push(...await Promise.all([0, 1].map(() => startReplica(t, { REDIS_URL: url }))))
    }
    const urls = replicas.map(({ url }) => url)
    const urlOf = (index: number) => urls[index % urls.length] ?? ''
    const readersOf = (name: string) => Array.from({ length: 4 }, (_, index) => startReader(t, streamOf(urlOf(index), 'run'), { name: `${name} ${index}` }))
    const early = readersOf('early')
    // Batches of 1 to 5, so that they could mix if anything let them.
    const publishers = Array.from({ length: PUBLISHERS }, (_, index) =>
      startPublisher(t, { urls: [urlOf(index)], runId: 'run', name: `p${index}`, events: long(60, 2_000), batch: 1 + index % 5 }))
    await waitUntil('half is published', () => publishers.every(({ acknowledged }) => acknowledged.length >= long(30, 1_000)))
    const halfway = readersOf('halfway')
    await Promise.all(publishers.map(({ done }) => done))
    const readers = [...early, ...halfway, ...readersOf('late')]
    const log = await proveDelivery(t, { url: urlOf(0), runId: 'run', publishers, readers })
    t.equal(log.events.length, PUBLISHERS * long(60, 2_000))
    t.equal(readers.filter((reader) => JSON.stringify(reader.events()) === JSON.stringify(log.events.map((event) => ({ kind: 'event', ...event })))).length, readers.length, 'in the order of the log')
  })
}

/** Publishes ten events under a key; @returns their ids */
async function publishTen (url: string, key: string, name: string, signal?: AbortSignal): Promise<string[]> {
  const payloads = Array.from({ length: 10 }, (_, index) => numberedPayload(name, index + 1))
  const response = await fetch(`${url}/api/v1/workflow-runs/run/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: `[${payloads.map((payload) => `{"event_type":"log","payload":${payload}}`).join()}]`,
    ...(signal !== undefined && { signal })
  })
  if (response.status === 503) return await publishTen(url, key, name, signal)
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`)
  const { ids }: { ids: string[] } = JSON.parse(await response.text())
  return ids
}

/** Publishes until it is stored, and never gets the answer. */
async function publishUnheard (t: Test, replica: Replica, key: string, name: string): Promise<void> {
  const proxy = await startProxy(t, replica.port)
  proxy.blackhole('answers')
  const giveUp = new AbortController()
  const publishing = publishTen(`http://127.0.0.1:${proxy.port}`, key, name, giveUp.signal)
  publishing.catch(() => {})
  await waitUntil('it is stored', async () => (await copyLog(replica.url, 'run')).events.at(-1)?.name === `${name}/10`)
  giveUp.abort()
  await t.rejects(publishing, { name: 'AbortError' })
}

t.test('a publisher repeats a timed-out request under its Idempotency-Key, across a restart of Redis with its append-only file: stored once, the same ids', async (t) => {
  const redis = await startRedis(t, { args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  const [replica, other] = await Promise.all([startReplica(t, { REDIS_URL: redis.url }), startReplica(t, { REDIS_URL: redis.url })])
  const reader = startReader(t, streamOf(replica.url, 'run'))
  await publishTen(replica.url, 'first', 'first')
  for (let round = 1; round <= long(2, 10); round++) {
    const name = `unheard${round}`
    await publishUnheard(t, replica, name, name)
    const { events } = await copyLog(replica.url, 'run')
    const stored = events.filter((event) => event.name.startsWith(`${name}/`)).map(({ id }) => id)
    t.equal(stored.length, 10)
    t.same(await publishTen(other.url, name, name), stored, 'repeated at another service')
    await redis.kill('SIGKILL')
    await redis.start()
    await waitUntil('both services are ready', async () => await replica.isReady() && await other.isReady())
    t.same(await publishTen(replica.url, name, name), stored, 'repeated after the restart')
    await publishTen(replica.url, `then${round}`, `then${round}`)
  }
  const log = await proveDelivery(t, { url: replica.url, runId: 'run', publishers: [], readers: [reader] })
  t.equal(log.events.length, 10 + 20 * long(2, 10), 'each once')
  t.same([reader.connections, reader.gaps()], [1, []])
})

t.test('a publisher repeats a timed-out request under its Idempotency-Key, across a kill -9 of the service with the embedded log: stored once, the same ids', async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const killed = await startReplica(t, { DATA_DIR })
  const first = await publishTen(killed.url, 'first', 'first')
  await publishUnheard(t, killed, 'key', 'unheard')
  const stored = (await copyLog(killed.url, 'run')).events.map(({ id }) => id).slice(first.length)
  killed.kill('SIGKILL')
  await killed.exited
  const replica = await startReplica(t, { DATA_DIR })
  t.same(await publishTen(replica.url, 'key', 'unheard'), stored)
  const reader = startReader(t, streamOf(replica.url, 'run'))
  await waitForCursor([reader], stored.at(-1) ?? '')
  t.same(reader.events().map(({ id }) => id), [...first, ...stored])
})
