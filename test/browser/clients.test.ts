import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import t, { type Test } from 'tap'
import { codeOf } from '../helpers/client-code.ts'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { launchBrowser } from '../helpers/pages/browser.ts'
import { portOf } from '../helpers/redis/redis-server.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const browser = await launchBrowser(t)

const log = (message: string) => ({ event_type: 'log', payload: { message } })
const succeeded = { event_type: 'status_change', payload: { status: 'succeeded' } }

/** After the code of the page: tells how it ended. */
const ENDS = {
  EventSource: `
    stream.addEventListener('stream_end', () => show(stream.readyState === EventSource.CLOSED ? 'stopped' : 'open'))
    stream.addEventListener('error', () => { if (stream.readyState === EventSource.CLOSED) show('stopped') })`,
  'fetch-event-source': "show('stopped')"
}

/** Serves a page that runs a block of docs/clients.md. @returns its port */
async function servePage (t: Test, title: keyof typeof ENDS): Promise<number> {
  const { outputFiles: [script] } = await build({
    stdin: { contents: codeOf(title) + ENDS[title], resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    format: 'esm',
    write: false
  })
  const server = createServer((request, response) => {
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script?.text)
    else response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return portOf(server)
}

/** Opens the page at one host, beside a service at 127.0.0.1 whose connections can be cut. */
async function setUp (t: Test, title: keyof typeof ENDS, host: string, token = tokenFor({ scope: 'runs:read' })) {
  const origin = `http://${host}:${await servePage(t, title)}`
  const app = await buildApp(t, { CORS_ORIGINS: origin, END_GRACE_MS: '0', STREAM_RETRY_MS: '1' })
  const proxy = await startProxy(t, Number(new URL(app.url).port))
  await app.publish('r', [log('one'), log('two')])
  const page = await (await browser.newContext()).newPage()
  const shown: string[] = []
  const answers: number[] = []
  page.on('response', (response) => { if (response.url().endsWith('/stream')) answers.push(response.status()) })
  await page.exposeFunction('show', (text: string) => { shown.push(text) })
  const service = `http://127.0.0.1:${proxy.port}`
  await page.addInitScript((constants) => Object.assign(globalThis, constants), { SERVICE: service, STREAM: `${service}/api/v1/workflow-runs/r/stream`, TOKEN: token })
  return { app, proxy, shown, answers, open: () => page.goto(origin) }
}

for (const [title, host, site] of [['EventSource', '127.0.0.1', 'another origin'], ['fetch-event-source', 'localhost', 'another site']] as const) {
  t.test(`${title}: the code of the page of clients follows a run from a page of ${site} and stops`, async (t) => {
    const { app, shown, answers, open } = await setUp(t, title, host)
    await open()
    await waitUntil('it has what is stored', () => shown.length === 2)
    await app.publish('r', [log('a\u2028b'), succeeded])
    await waitUntil('it has stopped', () => shown.includes('stopped'))
    t.same(shown, ['one', 'two', 'a\u2028b', 'stopped'])
    t.same(answers, [200])
  })

  t.test(`${title}: the code of the page of clients has every event once over connections cut within an event and before the end`, async (t) => {
    const { app, proxy, shown, answers, open } = await setUp(t, title, host)
    proxy.cutAt('"message":"tw')
    await open()
    await waitUntil('it has what is stored', () => shown.length === 2)
    t.same(answers, [200, 200])
    proxy.cut()
    await waitUntil('it has come back', () => answers.length === 3)
    proxy.cutAt('event: stream_end')
    proxy.refuse(true)
    const ids = await app.publish('r', [log('three'), succeeded])
    await waitUntil('a cursor at the end is answered 204', async () => {
      const answer = await app.call('/api/v1/workflow-runs/r/stream', { headers: { 'last-event-id': ids.at(-1) ?? '' } })
      await answer.body?.cancel()
      return answer.status === 204
    })
    await waitUntil('it is cut', () => app.app.streamLimits.open === 0)
    proxy.refuse(false)
    await waitUntil('it has stopped', () => shown.includes('stopped'))
    t.same(shown, ['one', 'two', 'three', 'stopped'])
    t.same(answers, [200, 200, 200, 204])
  })

  t.test(`${title}: the code of the page of clients stops when its token is refused`, async (t) => {
    const { shown, answers, open } = await setUp(t, title, host, 'wrong')
    await open()
    await waitUntil('it has stopped', () => shown.includes('stopped'))
    t.same([shown, answers], [['stopped'], [401]])
  })
}

t.test('EventSource: the cookie does not go with a page of another site, whose stream is refused', async (t) => {
  const { shown, answers, open } = await setUp(t, 'EventSource', 'localhost')
  await open()
  await waitUntil('it has stopped', () => shown.includes('stopped'))
  t.same([shown, answers], [['stopped'], [401]])
})
