import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchBrowser, setView } from '../helpers/pages/browser.ts'
import { startTabsServer } from '../helpers/pages/tabs-server.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

/** The state that the page told last. */
interface Shown {
  readonly payloads: readonly unknown[]
  readonly status: string | null
  readonly connection: string
  readonly gap: unknown
}

const app = await buildApp(t, { STREAM_HEARTBEAT_MS: '500', DRAIN_MS: '0' })
const browser = await launchBrowser(t)

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const publish = (runId: string, from: number, to: number) => app.publish(runId, numbers(from, to).map((payload) => ({ payload })))
const shown = (page: Page): Promise<Shown | undefined> => page.evaluate(() => Reflect.get(globalThis, 'shown'))

/** Opens a browser with a session. */
async function openWindow (t: Test) {
  const server = await startTabsServer(t, app.url)
  const context = await browser.newContext({ baseURL: server.url })
  t.teardown(() => context.close())
  const signedIn = await context.request.post('/api/v1/session', { data: { token: tokenFor() }, headers: { origin: server.url } })
  t.equal(signedIn.status(), 201)
  return { ...server, open: (runId: string) => openTab(context, runId) }
}

async function openTab (context: BrowserContext, runId: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`/tabs?run=${runId}`)
  return page
}

const isShown = (page: Page, what: string, condition: (state: Shown) => boolean) => waitUntil(what, async () => {
  const state = await shown(page)
  return state !== undefined && condition(state)
})

t.test('eight tabs on one run have one connection to the service, and go on without loss when the tab that holds it closes', async (t) => {
  const { open, streams } = await openWindow(t)
  await publish('one', 1, 50)
  const tabs: Page[] = []
  for (let number = 1; number <= 8; number++) tabs.push(await open('one'))
  for (const tab of tabs) await isShown(tab, 'a tab is live', ({ connection, payloads }) => connection === 'live' && payloads.length === 50)
  await publish('one', 51, 100)
  for (const tab of tabs) await isShown(tab, 'a tab has the new events', ({ payloads }) => payloads.length === 100)
  t.same(streams, { opened: 1, most: 1, open: 1 })

  // The first tab came first, so it leads.
  const publishing = (async () => { for (let next = 101; next <= 300; next += 10) await publish('one', next, next + 9) })()
  await tabs.shift()?.close()
  await publishing
  for (const tab of tabs) {
    await isShown(tab, 'a tab has all events', ({ payloads, connection }) => connection === 'live' && payloads.length >= 300)
    t.match(await shown(tab), { payloads: numbers(1, 300), gap: null })
  }
  await waitUntil('another tab has taken over', () => streams.opened === 2 && streams.open === 1)
})

t.test('eight tabs on eight runs have four connections, the tab in view among them, and a tab that comes into view misses nothing', async (t) => {
  const { open, streams } = await openWindow(t)
  const tabs: Page[] = []
  for (const number of numbers(1, 8)) {
    for (const tab of tabs.slice(-1)) await setView(tab, 'hidden')
    await publish(`run-${number}`, 1, 10)
    const tab = await open(`run-${number}`)
    await isShown(tab, `tab ${number} is live`, ({ connection, payloads }) => connection === 'live' && payloads.length === 10)
    tabs.push(tab)
  }
  await waitUntil('four streams are open', () => streams.open === 4)
  for (const number of numbers(1, 8)) await publish(`run-${number}`, 11, 20)
  for (const [index, tab] of tabs.entries()) {
    for (const other of tabs) await setView(other, other === tab ? 'visible' : 'hidden')
    await isShown(tab, `tab ${index + 1} is live`, ({ connection, payloads }) => connection === 'live' && payloads.length === 20)
    t.match(await shown(tab), { payloads: numbers(1, 20), gap: null })
  }
  await waitUntil('four streams are open', () => streams.open === 4)
  // The server may hear of a new stream before it hears that another tab has ended one.
  t.ok(streams.most <= 6, `${streams.most} at once`)
})

t.test('a crashed tab is replaced like a closed one', async (t) => {
  const { open, streams } = await openWindow(t)
  const [first, second] = [await open('crash'), await open('crash')]
  for (const tab of [first, second]) await isShown(tab, 'a tab waits', ({ connection }) => connection === 'waiting')
  await first.goto('chrome://crash').catch(() => {})
  await publish('crash', 1, 10)
  await isShown(second, 'the other goes on', ({ connection, payloads }) => connection === 'live' && payloads.length === 10)
  await waitUntil('one stream is open', () => streams.open === 1)
})
