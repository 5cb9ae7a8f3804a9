import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

async function metricsOf (url: string): Promise<string> {
  return await (await fetch(`${url}/metrics`)).text()
}

t.test('a stop waits for all who want to be waited for, and a fault of one does not keep it', async (t) => {
  const app = await buildApp(t)
  const done: string[] = []
  app.app.onDrain(() => { throw new Error('a fault while draining') })
  app.app.onDrain(async () => {
    t.equal((await fetch(`${app.url}/health/live`)).status, 200)
    done.push('drained')
  })
  t.equal(app.app.draining, false)
  await app.close()
  t.equal(app.app.draining, true)
  t.same(done, ['drained'])
  t.match(app.log(), 'a fault while draining')
  await t.rejects(fetch(`${app.url}/health/live`))
})

t.test('a stop waits until gateways know of it: not ready, and everybody is served', async (t) => {
  const app = await buildApp(t, { DRAIN_DELAY_MS: '2000' })
  const stream = await app.call('/api/v1/workflow-runs/r/stream')
  const start = Date.now()
  const closed = app.close()
  await waitUntil('it is not ready', async () => (await fetch(`${app.url}/health/ready`)).status === 503)
  t.match(await metricsOf(app.url), /^runcast_ready\{reason="draining"\} 0$/m)
  t.equal((await app.publish('r', { payload: 1 })).length, 1)
  const late = await app.call('/api/v1/workflow-runs/r/stream?from=first')
  const texts = await Promise.all([stream.text(), late.text()])
  t.ok(Date.now() - start >= 2_000, 'the streams end after the delay')
  for (const text of texts) {
    t.match(text, 'data: 1\n')
    t.match(text, /event: stream_close\ndata: \{"reason":"shutdown"\}\n\n$/)
  }
  await closed
})

t.test('whoever stops reading does not hold a stop up', async (t) => {
  const app = await buildApp(t, { DRAIN_MS: '600' })
  for (let batch = 0; batch < 4; batch++) await app.publish('r', Array.from({ length: 30 }, () => ({ payload: 'x'.repeat(200_000) })))
  const sent = request(`${app.url}/api/v1/workflow-runs/r/events`, { headers: { accept: 'application/x-ndjson', authorization: `Bearer ${tokenFor()}` } }).end()
  const [response] = await once(sent, 'response')
  const cut = once(response.pause(), 'error')
  const start = Date.now()
  await app.close()
  t.ok(Date.now() - start < 30_000)
  response.resume()
  t.match((await cut)[0], { code: 'ECONNRESET' })
})

t.test('a service that is stopped as it starts opens nothing afterwards', async (t) => {
  for (let start = 0; start < 5; start++) {
    const app = await buildApp(t)
    await app.close()
    await rm(app.directory, { recursive: true })
    await setImmediate()
    await t.rejects(readdir(app.directory), { code: 'ENOENT' })
  }
})
