import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startReplica, type Replica } from '../faults/support/replica.ts'
import { startHaproxy, startNginx, type RealGateway } from '../helpers/http/gateways.ts'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const GATEWAYS = [['nginx', startNginx], ['HAProxy', startHaproxy]] as const

const browser = await launchBrowser(t)

/** A service behind a gateway, that can be killed and started again where it was. */
interface Stage {
  readonly gateway: RealGateway
  readonly service: Replica
  restart (): Promise<void>
  /** Publishes a log line; gives the status of the answer. */
  publish (message: string): Promise<number>
}

async function setUp (t: Test, start: (t: Test, target: number) => Promise<RealGateway>): Promise<Stage> {
  const settings = { DATA_DIR: await temporaryDirectory(t), TRUST_PROXY: '127.0.0.1' }
  const service = await startReplica(t, settings)
  const gateway = await start(t, service.port)
  return {
    gateway,
    service,
    restart: async () => { await startReplica(t, { ...settings, PORT: String(service.port) }) },
    async publish (message) {
      const response = await fetch(`${gateway.url}/api/v1/workflow-runs/run/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ event_type: 'log', payload: { message } })
      })
      await response.arrayBuffer()
      return response.status
    }
  }
}

/** Follows the run with the browser's own EventSource, through the gateway. @returns reads what it has seen */
async function watch (page: Page, path: string): Promise<() => Promise<Watched>> {
  await page.evaluate((path) => {
    const { EventSource } = Object(globalThis)
    const watched: Watched = { messages: [], closes: [], errors: 0, readyState: 0 }
    const source = new EventSource(path)
    source.addEventListener('log', ({ data }: { data: string }) => watched.messages.push(JSON.parse(data).message))
    source.addEventListener('stream_close', ({ data }: { data: string }) => watched.closes.push(JSON.parse(data).reason))
    source.addEventListener('error', () => { watched.errors++ })
    Object.assign(globalThis, { source, watched })
  }, path)
  return async () => await page.evaluate(() => {
    const { source, watched } = Object(globalThis)
    return { ...watched, readyState: source.readyState }
  })
}

interface Watched {
  readonly messages: string[]
  readonly closes: string[]
  errors: number
  readonly readyState: number
}

const CLOSED = 2

for (const [name, start] of GATEWAYS) {
  t.test(`the service behind ${name} is killed and comes back: EventSource reconnects by itself, and has every event once`, async (t) => {
    const { gateway, service, restart, publish } = await setUp(t, start)
    const { page } = await openPage(browser, gateway.url)
    const signedIn = await page.request.post(`${gateway.url}/api/v1/session`, { data: { token: token() }, headers: { origin: gateway.url } })
    t.equal(signedIn.status(), 201)
    await page.goto('/documentation/json')
    const seen = await watch(page, '/api/v1/workflow-runs/run/stream')
    await waitUntil('a publish is stored', async () => await publish('before') === 201)
    await waitUntil('the browser has the first event', async () => (await seen()).messages.length === 1)

    service.kill('SIGKILL')
    await service.exited
    await waitUntil('the gateway has answered for the service', async () => (await seen()).closes.length > 0)
    t.same((await seen()).closes[0], 'unavailable')
    t.not((await seen()).readyState, CLOSED)
    await restart()
    await waitUntil('the gateway leads to the service again', async () => await publish('after') === 201)
    await waitUntil('the browser has the second event', async () => (await seen()).messages.length > 1)
    t.same((await seen()).messages, ['before', 'after'])
  })

  t.test(`while no service is behind ${name}, only the two streams are answered with 200`, async (t) => {
    const { gateway, service, publish } = await setUp(t, start)
    service.kill('SIGKILL')
    await service.exited
    await waitUntil('the gateway has noticed', async () => await publish('lost') >= 502)
    for (const path of ['workflow-runs/run/stream', 'workflow-runs/manual__2026-01-01T00:00:00+00:00/stream?tail=5', 'workflow-runs/a%40b/stream', 'run-updates/stream']) {
      const response = await fetch(`${gateway.url}/api/v1/${path}`)
      t.equal(response.status, 200, path)
      t.match(response.headers.get('content-type'), /^text\/event-stream/, path)
      t.match(await response.text(), /^retry: \d{4,5}\nevent: stream_close\ndata: {"reason":"unavailable"}\n\n$/, path)
    }
    for (const [method, path] of [['POST', 'workflow-runs/run/events'], ['POST', 'workflow-runs/run/stream'], ['POST', 'workflow-runs/stream/events'], ['POST', 'workflow-runs'],
      ['GET', 'workflow-runs/stream'], ['GET', 'workflow-runs/run/events'], ['GET', 'workflow-runs/run/stream/'], ['GET', 'diagnostics/stream']]) {
      const response = await fetch(`${gateway.url}/api/v1/${path}`, { method: method ?? '' })
      t.match(String(response.status), /^50[234]$/, `${method} ${path}`)
      await response.arrayBuffer()
    }
  })
}
