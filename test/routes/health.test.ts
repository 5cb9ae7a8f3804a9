import t from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

t.test('a service that runs is alive and ready, and counts what it does', async (t) => {
  const app = await buildApp(t)
  for (const path of ['/health/live', '/health/ready']) {
    const response = await fetch(app.url + path)
    t.equal(response.status, 200)
    t.same(await response.json(), { status: 'ok' })
    t.equal((await fetch(app.url + path, { method: 'HEAD' })).status, 200)
  }
  await app.publish('secret-run', [{ payload: 1 }, { payload: 2 }])
  for (let time = 0; time < 2; time++) {
    await app.call('/api/v1/workflow-runs/secret-run/events', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': 'k' }, body: '{"payload":3}' })
  }
  const response = await fetch(`${app.url}/metrics`)
  t.match(response.headers.get('content-type'), /^text\/plain/)
  const metrics = await response.text()
  t.match(metrics, /^runcast_appended_events_total 3$/m)
  t.match(metrics, /^runcast_duplicate_publishes_total 1$/m)
  t.match(metrics, /^runcast_open_streams 0$/m)
  t.match(metrics, /^process_cpu_seconds_total /m)
  t.notMatch(metrics, 'secret-run')
})

t.test('a service that is about to stop is alive but not ready', async (t) => {
  const app = await buildApp(t)
  let finish = () => {}
  const drained = new Promise<void>((resolve) => { finish = resolve })
  app.app.onDrain(() => drained)
  const closed = app.close()
  await waitUntil('the service drains', () => app.app.draining)
  const ready = await fetch(`${app.url}/health/ready`)
  t.equal(ready.status, 503)
  t.same(await ready.json(), { status: 'draining', reason: 'draining', detail: 'The service is about to stop.' })
  t.equal((await fetch(`${app.url}/health/live`)).status, 200)
  finish()
  await closed
})

t.test('without Redis a service starts, is not ready, and publishing says when to try again', async (t) => {
  const redis = await startRedis(t)
  await redis.stop()
  const app = await buildApp(t, { REDIS_URL: redis.url })
  const ready = async () => (await fetch(`${app.url}/health/ready`)).status
  t.equal(await ready(), 503)
  t.equal((await fetch(`${app.url}/health/live`)).status, 200)

  const start = Date.now()
  const refused = await app.call('/api/v1/workflow-runs/r/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"payload":1}' })
  t.equal(refused.status, 503)
  t.ok(Date.now() - start < 20_000)
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  t.match(await refused.json(), { code: 'unavailable' })
  t.equal((await app.call('/api/v1/workflow-runs/r')).status, 503)

  await redis.start()
  await waitUntil('the service is ready', async () => await ready() === 200)
  t.equal((await app.publish('r', { payload: 1 })).length, 1)
})
