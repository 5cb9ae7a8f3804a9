import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const MESSAGES = 400

t.test('services on other databases and prefixes of one Redis keep apart', async (t) => {
  const redis = await startRedis(t)
  const start = (database: string, prefix: string) => buildApp(t, { REDIS_URL: `${redis.url}/${database}`, CHANNEL_PREFIX: prefix })
  const [zero, one, query, a, dotted, other] = await Promise.all([
    start('0', 'workflow_run_events'), start('1', 'workflow_run_events'), start('?db=2', 'workflow_run_events'),
    start('0', 'a'), start('0', 'a.b'), start('1', 'a')
  ])
  const client = redis.client()
  await waitUntil('each is the holder of its own lease', async () => (await Promise.all([zero, one, query, a, dotted, other].map(async ({ url }) => {
    return (await (await fetch(`${url}/health/ready`)).text()).includes('ok')
  }))).every(Boolean) && Number(await client.pubsub('NUMPAT')) === 3)
  await waitUntil('each lease has a holder', async () => {
    const leases = ['workflow_run_ingest:lease', 'a:workflow_run_ingest:lease', 'a.b:workflow_run_ingest:lease']
    const held = await Promise.all([0, 1, 2].map(async (db) => await redis.client({ db }).exists(...leases)))
    return held.join() === '3,2,1'
  })

  for (let n = 0; n < MESSAGES; n++) {
    await client.publish('workflow_run_events:r', `{"payload":${n}}`)
    await client.publish('a:r', `{"payload":"a${n}"}`)
    await delay(5)
  }
  await client.publish('a.b:r', '{"payload":"dotted"}')
  await client.publish('a:b:r', '{"payload":"colon"}')

  const numbers = Array.from({ length: MESSAGES }, (_, n) => n)
  for (const app of [zero, one, query]) t.strictSame(await storedPayloads(app, 'r', MESSAGES), numbers)
  for (const app of [a, other]) t.strictSame(await storedPayloads(app, 'r', MESSAGES), numbers.map((n) => `a${n}`))
  t.strictSame(await storedPayloads(dotted, 'r', 1), ['dotted'])
  for (const app of [a, other]) t.strictSame(await storedPayloads(app, 'b:r', 1), ['colon'])
  for (const app of [zero, one, query, a, dotted, other]) {
    const counted = await (await fetch(`${app.url}/metrics`)).text()
    t.match(counted, /^runcast_ingest_waiting_messages 0$/m)
    t.notMatch(counted, /^runcast_ingest_messages_total\{outcome="(?!stored)/m, 'no message of another service was taken for its own')
  }
  for (const [app, runs] of [[zero, ['r']], [dotted, ['r']], [a, ['b:r', 'r']]] as const) {
    await waitUntil('the list is written', async () => (await listed(app)).join() === runs.join())
  }
})

t.test('a prefix has no colon and no name of the service\'s own', async (t) => {
  for (const prefix of ['a:b', 'a*', 'a?', '[a]', 'workflow_runs', 'workflow_run_ingest']) {
    await t.rejects(buildApp(t, { REDIS_URL: 'redis://127.0.0.1:1', CHANNEL_PREFIX: prefix }), { message: /CHANNEL_PREFIX/ }, prefix)
  }
})

async function storedPayloads (app: App, runId: string, count: number): Promise<unknown[]> {
  let payloads: unknown[] = []
  await waitUntil(`${count} events are stored`, async () => {
    const response = await app.call(`/api/v1/workflow-runs/${runId}/events?limit=1000`)
    const page = await response.json() as { events?: Array<{ payload: unknown }> }
    payloads = (page.events ?? []).map((event) => event.payload)
    return payloads.length >= count
  })
  return payloads
}

async function listed (app: App): Promise<string[]> {
  const { runs } = await (await app.call('/api/v1/workflow-runs')).json() as { runs: Array<{ run_id: string }> }
  return runs.map((run) => run.run_id).toSorted()
}
