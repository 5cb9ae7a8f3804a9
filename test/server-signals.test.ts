import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { freePort } from './helpers/redis/redis-server.ts'
import { temporaryDirectory, tokenFor } from './helpers/service/app.ts'
import { startServer } from './helpers/service/server-process.ts'
import { TEST_SECRET } from './helpers/service/tokens.ts'
import { waitUntil } from './helpers/wait-until.ts'

const LISTENING = /"msg":"Server listening at (http:\/\/127\.0\.0\.1:\d+)"/
const authorization = `Bearer ${tokenFor()}`

t.test('a signal during the start ends it, and it never listens', async (t) => {
  const away = { REDIS_URL: `redis://127.0.0.1:${await freePort()}` }
  const settings: Record<string, Record<string, string>> = {
    'with the embedded log': { JWT_SECRET: TEST_SECRET },
    'with Redis away': { ...away, JWT_SECRET: TEST_SECRET },
    'in development with Redis away': away,
    'with several processes': { ...away, JWT_SECRET: TEST_SECRET, WEB_CONCURRENCY: '2' }
  }
  for (const [title, given] of Object.entries(settings)) {
    await t.test(title, async (t) => {
      const DATA_DIR = await temporaryDirectory(t)
      const begin = performance.now()
      const whole = startServer(t, { PORT: '0', DATA_DIR, ...given })
      await whole.printed(LISTENING)
      const startMs = performance.now() - begin
      whole.kill('SIGTERM')
      t.equal(await whole.exited, 0, 'as it begins to listen')
      for (const moment of [0.4, 0.8]) {
        const server = startServer(t, { PORT: '0', DATA_DIR, ...given })
        await Promise.race([delay(startMs * moment), server.printed(LISTENING)])
        const had = server.stdout()
        server.kill('SIGTERM')
        // Before its first line of code Node itself ends at the signal.
        t.ok([0, null].includes(await server.exited), server.stderr())
        if (!LISTENING.test(had)) t.notMatch(server.stdout(), /"pid":(\d+)[^\n]*"msg":"stopping"[^]*"pid":\1,[^\n]*"msg":"Server listening/)
      }
    })
  }
})

t.test('a stop under NODE_ENV=production waits for gateways, and a second signal does not', async (t) => {
  const start = async () => {
    const server = startServer(t, { PORT: '0', DATA_DIR: await temporaryDirectory(t), JWT_SECRET: TEST_SECRET, NODE_ENV: 'production' })
    const [, url = ''] = await server.printed(LISTENING)
    return { server, url }
  }
  const patient = await start()
  const begin = performance.now()
  patient.server.kill('SIGTERM')
  await waitUntil('it is not ready', async () => (await fetch(`${patient.url}/health/ready`)).status === 503)
  const stream = await fetch(`${patient.url}/api/v1/workflow-runs/r/stream`, { headers: { authorization } })
  t.match(await stream.text(), /event: stream_open[^]*event: stream_close\ndata: \{"reason":"shutdown"\}\n\n$/)
  t.equal(await patient.server.exited, 0)
  t.ok(performance.now() - begin >= 5_000)

  const hurried = await start()
  hurried.server.kill('SIGTERM')
  await waitUntil('it is not ready', async () => (await fetch(`${hurried.url}/health/ready`)).status === 503)
  hurried.server.kill('SIGTERM')
  t.equal(await hurried.server.exited, 1)
})
