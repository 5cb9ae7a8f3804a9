import type { Redis } from 'ioredis'
import t from 'tap'
import { createIngestClaims } from '../../../services/run-log/redis/ingest-claims.ts'
import { startRedis } from '../../helpers/redis/redis-server.ts'
import { keys } from '../../helpers/run-log/ingest-process.ts'
import { joinIngest as join } from '../../helpers/run-log/join-ingest.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** The payloads in a run's log, in order. */
async function payloads (client: Redis, runId: string): Promise<string[]> {
  const entries = await client.xrange(keys.log(runId), '-', '+')
  return entries.map(([, fields]) => fields[3] ?? '')
}

const envelope = (payload: string, rest = '') => `{"event_type":"log","payload":${payload}${rest}}`

t.test('plain PUBLISH messages are stored in order, each run for itself', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, holds } = join(t, server.url)
  await holds()
  const numbers = Array.from({ length: 2_000 }, (_, index) => String(Math.floor(index / 3)))
  const runs = ['a', 'b', 'c~d', 'E.5_-']
  for (const number of numbers) for (const run of runs) client.publish(keys.input(run), envelope(number))
  for (const run of runs) await waitUntil('all of a run is stored', async () => await client.xlen(keys.log(run)) >= numbers.length)
  await waitUntil('nothing waits', () => ingest.stats().waiting === 0)
  for (const run of runs) t.strictSame(await payloads(client, run), numbers)
  t.strictSame(ingest.stats(), { role: 'holder', isListening: true, waiting: 0, totals: { stored: 8_000 }, mended: {} })
})

t.test('a message that a holder has stored and forgotten is not taken for a new one of the same text', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const claim = createIngestClaims(client, keys, 60)
  const now = Date.now()
  for (const [index, ms] of [now - 30_000, now - 5_000].entries()) await client.xadd(keys.log('a'), `${ms}-${index + 1}`, 't', 'message', 'd', '1', 'p', '0', 'i', `hash-${index}`)
  const claimed = async (waitedMs: number) => (await claim('a', now, null, now - 100_000, waitedMs)).entries.map(({ hash }) => hash)
  t.strictSame(await claimed(0), ['hash-1'])
  await client.del(keys.fence('a'))
  t.strictSame(await claimed(25_000), ['hash-0', 'hash-1'], 'entries from the time in which a message has waited are found')
})

t.test('a message keeps its own text, type and tenant', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, holds } = join(t, server.url)
  await holds()
  await client.publish(keys.input('a'), '{ "tenant": "acme", "payload": { "n": 1152921504606846976, "s": "a  b\\u0000" }, "extra": [1] }')
  await client.publish(keys.input('a'), '{"event_type":"status_change","payload":{"status":"Succeeded"}}')
  await waitUntil('both are stored', () => ingest.stats().totals['stored'] === 2)
  const [first, second] = await client.xrange(keys.log('a'), '-', '+')
  t.match(first?.[1], ['t', 'message', 'd', '{"n":1152921504606846976,"s":"a  b\\u0000"}', 'p', '0', 'n', 'acme', 'i'])
  t.equal(second?.[1][1], 'status_change')
  t.strictSame(await client.hmget(keys.run('a'), 'tenant', 'status'), ['acme', 'succeeded'])
})

t.test('a publisher\'s event id is stored once; another event under the same id does not take its batch with it', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, holds } = join(t, server.url)
  await holds()
  const messages = [envelope('1', ',"event_id":"x"'), envelope('1', ',"event_id":"x"'), envelope('2'), envelope('3', ',"event_id":"x"'), envelope('4')]
  for (const message of messages) client.publish(keys.input('a'), message)
  await waitUntil('all are stored or dropped', () => (ingest.stats().totals['stored'] ?? 0) + (ingest.stats().totals['idempotency_conflict'] ?? 0) === 5)
  t.strictSame((await payloads(client, 'a')).slice(0, 3), ['1', '2', '4'])
  t.equal(ingest.stats().totals['idempotency_conflict'], 1)
  await waitUntil('the run shows the refusal', async () => await client.xlen(keys.log('a')) === 4)
  t.match(JSON.parse((await payloads(client, 'a')).at(-1) ?? ''), { reason: 'idempotency_conflict', field: 'event_id', count: 1 })
})

t.test('a run whose key is of another type harms no other run', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, logger, holds } = join(t, server.url)
  await holds()
  await client.set(keys.log('broken'), 'x')
  for (const number of ['1', '2', '3']) for (const run of ['broken', 'a']) client.publish(keys.input(run), envelope(number))
  await waitUntil('all are stored or dropped', () => ingest.stats().totals['stored'] === 3 && ingest.stats().totals['store_corrupt'] === 3)
  t.strictSame(await payloads(client, 'a'), ['1', '2', '3'])
  await waitUntil('its refusals are given up', () => logger.lines.some(({ fields }) => fields['run_id'] === 'broken' && fields['reason'] === 'store_corrupt'))
})

t.test('messages wait while Redis is out of memory, and are stored once afterwards', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, holds } = join(t, server.url)
  await holds()
  const numbers = Array.from({ length: 500 }, (_, index) => String(index % 7))
  for (const number of numbers) client.publish(keys.input('a'), envelope(number))
  await waitUntil('some are stored', () => (ingest.stats().totals['stored'] ?? 0) > 0)
  await client.config('SET', 'maxmemory', '1')
  for (const number of numbers) await client.publish(keys.input('a'), envelope(number))
  await waitUntil('they wait', () => ingest.stats().waiting >= numbers.length)
  await client.config('SET', 'maxmemory', '0')
  await waitUntil('all is stored', async () => await client.xlen(keys.log('a')) === 1_000)
  t.strictSame(await payloads(client, 'a'), [...numbers, ...numbers])
})

t.test('alone, a process goes on at once after its connection was killed, and Redis stopped for a while', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { command, holds } = join(t, server.url)
  const sent: string[] = []
  const send = async () => {
    for (let count = 0; count < 50; count++) {
      sent.push(String(sent.length))
      client.publish(keys.input('a'), envelope(sent.at(-1) ?? ''))
    }
    await client.ping()
  }
  for (let round = 0; round < 3; round++) {
    await holds()
    await send()
    await client.client('KILL', 'TYPE', 'PUBSUB')
    await waitUntil('it listens again', async () => Number(await client.pubsub('NUMPAT')) === 1)
    await send()
  }
  await waitUntil('all is stored', async () => (await client.xlen(keys.log('a'))) >= sent.length)
  t.strictSame(await payloads(client, 'a'), sent)
  await send()
  await server.kill('SIGSTOP')
  await waitUntil('that is noticed', () => command.status !== 'ready')
  await server.kill('SIGCONT')
  await waitUntil('all is stored', async () => (await client.xlen(keys.log('a'))) >= sent.length)
  t.strictSame(await payloads(client, 'a'), sent)
})

t.test('a process that stops stores the messages that have arrived and releases the lease', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const first = join(t, server.url, 60_000)
  await first.holds()
  const second = join(t, server.url, 5_000)
  await waitUntil('the second stands by', () => second.ingest.stats().role === 'standby')
  const numbers = Array.from({ length: 3_000 }, (_, index) => String(index % 3))
  for (const [index, number] of numbers.entries()) {
    client.publish(keys.input(`run-${index % 2}`), envelope(number))
    if (index === 1_000) first.ingest.stop()
  }
  await second.holds()
  await waitUntil('all is stored', async () => (await client.xlen(keys.log('run-0'))) + (await client.xlen(keys.log('run-1'))) >= numbers.length)
  for (const rest of [0, 1]) t.strictSame(await payloads(client, `run-${rest}`), numbers.filter((_, index) => index % 2 === rest))
  t.equal(second.ingest.stats().waiting, 0)
})
