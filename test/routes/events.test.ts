import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { UnavailableError } from '../../services/problems/storage-errors.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'

interface Event { id: string, event_type: string, payload: unknown }
interface EventPage { events: Event[], before: string | null, after: string | null, more: boolean, gap: unknown }

async function page (app: App, runId: string, query = ''): Promise<EventPage> {
  const response = await app.call(`/api/v1/workflow-runs/${runId}/events${query}`)
  if (response.status !== 200) throw new Error(`${response.status} for ${query}`)
  return await response.json() as EventPage
}

async function text (app: App, path: string, accept: string): Promise<string> {
  return await (await app.call(`/api/v1/workflow-runs/${path}`, { headers: { accept } })).text()
}

const payloads = ({ events }: EventPage) => events.map(({ payload }) => payload)
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

t.test('a log is read forwards and backwards, page by page', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('r', numbers(1, 120).map((payload) => ({ payload })))
  const id = (number: number) => ids[number - 1] ?? ''

  const first = await page(app, 'r')
  t.same(payloads(first), numbers(1, 100))
  t.match(first, { run_id: 'r', before: id(1), after: id(100), more: true, gap: null })
  t.same(first.events[0], { id: id(1), event_type: 'message', payload: 1 })
  const second = await page(app, 'r', `?after=${first.after}`)
  t.same(payloads(second), numbers(101, 120))
  t.match(second, { before: id(101), after: id(120), more: false })
  t.match(await page(app, 'r', `?after=${second.after}`), { events: [], before: null, after: id(120), more: false })

  const back = await page(app, 'r', `?before=${id(100)}&limit=60`)
  t.same(payloads(back), numbers(40, 99))
  t.match(back, { before: id(40), after: id(99), more: true, gap: null })
  const rest = await page(app, 'r', `?before=${back.before}&limit=60`)
  t.same(payloads(rest), numbers(1, 39))
  t.match(rest, { before: id(1), after: id(39), more: false })
  t.match(await page(app, 'r', `?before=${id(1)}`), { events: [], before: null, more: false })

  const end = `${Number.MAX_SAFE_INTEGER}-${Number.MAX_SAFE_INTEGER}`
  const newest = await text(app, `r/events?before=${end}&limit=2`, 'application/x-ndjson')
  t.equal(newest, `{"id":"${id(119)}","event_type":"message","payload":119}\n{"id":"${id(120)}","event_type":"message","payload":120}\n`)
})

t.test('a page may be of some types only', async (t) => {
  const app = await buildApp(t)
  const types = ['log', 'metric', 'log', 'status_change', 'metric', 'log']
  const ids = await app.publish('r', types.map((type, index) => ({ event_type: type, payload: index + 1 })))
  t.same(payloads(await page(app, 'r', '?event_types=log')), [1, 3, 6])
  t.same(payloads(await page(app, 'r', '?event_types=metric,status_change')), [2, 4, 5])
  t.match(await page(app, 'r', '?event_types=metric&limit=1'), { events: [{ payload: 2 }], more: true })
  t.same(payloads(await page(app, 'r', `?event_types=log&before=${ids[5]}&limit=1`)), [3])
  t.same(await page(app, 'r', '?event_types=unheard'), { run_id: 'r', events: [], before: ids[0], after: ids[5], more: false, gap: null })
  const lines = await text(app, 'r/events?event_types=status_change', 'application/x-ndjson')
  t.equal(lines, `{"id":"${ids[3]}","event_type":"status_change","payload":4}\n`)
})

t.test('the whole log comes as NDJSON, and what is not kept any more is told', async (t) => {
  const app = await buildApp(t, { RUN_MAX_EVENTS: '10' })
  const ids = await app.publish('r', numbers(1, 25).map((payload) => ({ payload })))
  const response = await app.call('/api/v1/workflow-runs/r/events', { headers: { accept: 'application/x-ndjson' } })
  t.equal(response.headers.get('content-type'), 'application/x-ndjson')
  const [gap = '', ...lines] = (await response.text()).trimEnd().split('\n')
  t.same(JSON.parse(gap), { gap: { reason: 'expired', requested: null, resumed_after: ids[14], lost: 15 } })
  t.same(lines, numbers(16, 25).map((number) => `{"id":"${ids[number - 1]}","event_type":"message","payload":${number}}`))
  t.equal((await text(app, `r/events?after=${ids[20]}`, 'application/x-ndjson')).split('\n').length - 1, 4)

  t.match(await page(app, 'r'), { gap: { reason: 'expired', requested: null, resumed_after: ids[14] ?? '', lost: 15 }, before: ids[15] ?? '' })
  t.match(await page(app, 'r', `?after=${ids[4]}`), { gap: { reason: 'expired', requested: ids[4] ?? '', lost: 10 }, before: ids[15] ?? '' })
  t.match(await page(app, 'r', '?after=1000-7'), { gap: { reason: 'expired' } })
  t.match(await page(app, 'r', `?after=${ids[20]?.replace('-21', '-99')}`), { gap: { reason: 'forked', lost: null }, before: ids[15] ?? '' })
  t.same(payloads(await page(app, 'r', `?before=${ids[17]}`)), [16, 17])
})

t.test('the log lines come as text, with their own times where they have one', async (t) => {
  const app = await buildApp(t, { RUN_MAX_EVENTS: '7' })
  const log = (payload: unknown) => ({ event_type: 'log', payload })
  const ids = await app.publish('build-1', [
    log({ message: 'gone' }),
    log({ message: 'plain', time: 'yesterday' }),
    log({ level: 'Warn', message: 'two\nlines', time: '2025-11-24T17:00:00.5+01:00' }),
    { event_type: 'status_change', payload: { status: 'running' } },
    log({ level: 'loud', message: 'é 🙂' }),
    log({ level: 'error', text: 'no message' }),
    log('just text'),
    log(7)
  ])
  const stored = (index: number) => new Date(Number(ids[index]?.split('-')[0])).toISOString()
  const response = await app.call('/api/v1/workflow-runs/build-1/log')
  t.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  t.equal(response.headers.get('content-disposition'), 'attachment; filename="build-1.log"')
  t.equal(await response.text(), [
    '# Events missing here that are not kept any more: 1',
    `${stored(1)} INFO plain`,
    '2025-11-24T16:00:00.500Z WARNING two\nlines',
    `${stored(4)} INFO é 🙂`,
    `${stored(5)} ERROR {"level":"error","text":"no message"}`,
    `${stored(6)} INFO just text`,
    `${stored(7)} INFO 7`,
    ''
  ].join('\n'))
})

t.test('large events make short pages, not large ones', async (t) => {
  const app = await buildApp(t)
  const payload = 'x'.repeat(250_000)
  for (let batch = 0; batch < 2; batch++) await app.publish('r', Array.from({ length: 25 }, () => ({ payload })))
  const seen: string[] = []
  let answers = 0
  for (let after = '0-0', more = true; more; answers++) {
    const part = await page(app, 'r', `?limit=1000&after=${after}`)
    t.ok(part.events.length < 25)
    seen.push(...part.events.map(({ id }) => id))
    after = part.after ?? after
    more = part.more
  }
  t.equal(new Set(seen).size, 50)
  t.ok(answers > 2)
  const backwards: string[] = []
  for (let before = '9000000000000-51', more = true; more;) {
    const part = await page(app, 'r', `?limit=1000&before=${before}`)
    t.ok(part.events.length < 25)
    backwards.unshift(...part.events.map(({ id }) => id))
    before = part.before ?? before
    more = part.more
  }
  t.same(backwards, seen)
})

t.test('a reader that stops reading does not make the service read on', async (t) => {
  const app = await buildApp(t)
  const payload = 'x'.repeat(200_000)
  for (let batch = 0; batch < 4; batch++) await app.publish('r', Array.from({ length: 30 }, () => ({ payload })))
  let reads = 0
  const { readPage } = app.app.runLog
  app.app.runLog.readPage = function (request) {
    reads++
    return readPage.call(this, request)
  }
  const sent = request(`${app.url}/api/v1/workflow-runs/r/events`, { headers: { accept: 'application/x-ndjson', authorization: `Bearer ${tokenFor()}` } }).end()
  const [response] = await once(sent, 'response') as [IncomingMessage]
  for (let before = -1; before !== reads;) {
    before = reads
    await delay(100)
  }
  t.ok(reads < 20, `${reads} pages were read ahead`)
  let bytes = 0
  for await (const chunk of response.setEncoding('latin1')) bytes += String(chunk).length
  t.ok(bytes > 24_000_000)
  t.ok(reads >= 24)
})

t.test('a download that can not be finished breaks off instead of looking complete', async (t) => {
  const app = await buildApp(t)
  for (let batch = 0; batch < 2; batch++) await app.publish('r', numbers(1, 1_000).map((payload) => ({ event_type: 'log', payload })))
  const { readPage } = app.app.runLog
  app.app.runLog.readPage = function (request) {
    if (request.from.at === 'first') return readPage.call(this, request)
    return Promise.reject(new UnavailableError('the log does not answer'))
  }
  await t.rejects(text(app, 'r/events', 'application/x-ndjson'))
  await t.rejects(text(app, 'r/log', 'text/plain'))
  t.equal((await app.call('/health/live')).status, 200)
  t.match(app.log(), 'the log does not answer')
})
