import t from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

t.test('the plain PUBLISH messages of an engine become a run', async (t) => {
  const redis = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: redis.url })
  const engine = redis.client()
  await waitUntil('the ingest listens', async () => Number(await engine.pubsub('NUMPAT')) > 0)
  await engine.publish('workflow_run_events:engine-1', 'not JSON')
  await engine.publish('workflow_run_events:engine-1', '{"event_type":"status_change","payload":{"status":"running","n":1152921504606846976}}')
  const lines = async () => {
    const response = await app.call('/api/v1/workflow-runs/engine-1/events', { headers: { accept: 'application/x-ndjson' } })
    return response.status === 200 ? await response.text() : ''
  }
  await waitUntil('the event is stored', async () => await lines() !== '')
  t.match(await lines(), /^\{"id":"\d+-1","event_type":"status_change","payload":\{"status":"running","n":1152921504606846976\}\}\n$/)
  const metrics = await (await fetch(`${app.url}/metrics`)).text()
  t.match(metrics, /^runcast_ingest_messages_total\{outcome="stored"\} 1$/m)
  t.match(metrics, /^runcast_ingest_messages_total\{outcome="[a-z_]+"\} 1$/m)
  t.match(metrics, /^runcast_ingest_waiting_messages 0$/m)
})

t.test('an ingest that is turned off listens to no engine', async (t) => {
  const redis = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: redis.url, INGEST_PUBSUB: 'false' })
  await waitUntil('the service is ready', async () => (await fetch(`${app.url}/health/ready`)).status === 200)
  t.equal(Number(await redis.client().pubsub('NUMPAT')), 0)
  t.notMatch(await (await fetch(`${app.url}/metrics`)).text(), 'runcast_ingest')
})
