import t, { type Test } from 'tap'
import type { StreamExplanation, StreamGap, StreamOpen } from '../../schemas/stream.ts'
import { eventsOf, openEventStream } from '../helpers/http/event-stream.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const logs = (count: number) => Array.from({ length: count }, (_, index) => ({ event_type: 'log', payload: { message: String(index + 1) } }))
const status = (name: string) => ({ event_type: 'status_change', payload: { status: name } })

interface Asked {
  /** Without its question mark. */
  readonly query?: string
  readonly lastEventId?: string
}

function ask ({ call }: App, runId: string, { query = '', lastEventId }: Asked = {}, headers: Record<string, string> = {}): Promise<Response> {
  return call(`/api/v1/workflow-runs/${runId}/stream?explain=true&${query}`, {
    headers: { ...headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) }
  })
}

async function explain (app: App, runId: string, asked: Asked = {}): Promise<StreamExplanation> {
  const response = await ask(app, runId, asked)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return JSON.parse(await response.text())
}

/** Explains a stream, asserts that the stream then is as explained, and gives the explanation. */
async function explainAndOpen (t: Test, app: App, runId: string, asked: Asked = {}): Promise<StreamExplanation> {
  const explanation = await explain(app, runId, asked)
  const { decision, would_replay: wouldReplay, lost } = explanation
  const stream = await openEventStream(`${app.url}/api/v1/workflow-runs/${runId}/stream?${asked.query ?? ''}`, {
    token: tokenFor(), ...(asked.lastEventId !== undefined && { lastEventId: asked.lastEventId })
  })
  t.equal(stream.status, decision === 'no_content' ? 204 : 200)
  if (stream.status === 200) {
    const open: StreamOpen = JSON.parse((await stream.waitFor(({ event }) => event === 'stream_open')).data)
    const isGap = ['expired', 'forked', 'unknown_id'].includes(decision)
    t.equal(open.mode, isGap ? 'partial' : decision)
    if (isGap) {
      const gap: StreamGap = JSON.parse((await stream.waitFor(({ event }) => event === 'stream_gap')).data)
      t.same([gap.reason, gap.requested, gap.lost], [decision, explanation.requested, lost])
    } else t.equal(lost, 0)
    await waitUntil('all announced events have come', () => eventsOf(stream).length >= wouldReplay)
    // An event too many would come before this one.
    const [live = ''] = stream.frames.some(({ event }) => event === 'stream_end') ? [] : await app.publish(runId, logs(1))
    if (live !== '') await stream.waitFor(({ id, event }) => id === live && event === 'log')
    t.equal(eventsOf(stream).length, wouldReplay + (live === '' ? 0 : 1))
  }
  stream.destroy()
  return explanation
}

t.test('without a cursor: everything retained', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('run', logs(3))
  t.same(await explainAndOpen(t, app, 'run'), { decision: 'fresh', requested: null, first: ids[0], last: ids[2], would_replay: 3, lost: 0 })
})

t.test('from, tail and since choose otherwise, a cursor beats them, and the header beats the query', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('run', logs(4))
  const replays = async (asked: Asked) => {
    const { decision, requested, would_replay: count } = await explain(app, 'run', asked)
    return [decision, requested, count]
  }
  t.same(await replays({ query: 'from=now' }), ['fresh', null, 0])
  t.same(await replays({ query: 'tail=3' }), ['fresh', null, 3])
  t.same(await replays({ query: 'since=2020-01-01T00:00:00Z' }), ['fresh', null, 4])
  t.same(await replays({ query: `tail=3&last_event_id=${ids[2]}` }), ['resumed', ids[2], 1])
  t.same(await replays({ query: `last_event_id=${ids[2]}`, lastEventId: ids[1] ?? '' }), ['resumed', ids[1], 2])
  t.same(await replays({ query: 'event_types=result_preview' }), ['fresh', null, 4], 'counted before any filter')
})

t.test('a cursor within the log, and the predecessor of its first entry: what follows', async (t) => {
  const app = await buildApp(t, { RUN_MAX_EVENTS: '3' })
  const ids = await app.publish('run', logs(5))
  t.same(await explainAndOpen(t, app, 'run', { query: `last_event_id=${ids[1]}` }), { decision: 'resumed', requested: ids[1], first: ids[2], last: ids[4], would_replay: 3, lost: 0 })
  const [sixth] = await app.publish('other', logs(1))
  t.match(await explainAndOpen(t, app, 'other', { lastEventId: sixth ?? '' }), { decision: 'resumed', would_replay: 0 })
})

t.test('a cursor before the first entry, or none where the front is trimmed: expired, with the exact number', async (t) => {
  const app = await buildApp(t, { RUN_MAX_EVENTS: '3' })
  const ids = await app.publish('run', logs(10))
  t.same(await explain(app, 'run', { lastEventId: ids[1] ?? '' }), { decision: 'expired', requested: ids[1], first: ids[7], last: ids[9], would_replay: 3, lost: 5 })
  t.same(await explainAndOpen(t, app, 'run'), { decision: 'expired', requested: null, first: ids[7], last: ids[9], would_replay: 3, lost: 7 })
  t.match(await explainAndOpen(t, app, 'run', { lastEventId: ids[1] ?? '' }), { decision: 'expired', requested: ids[1], lost: 6 })
})

t.test('a cursor that the log contradicts: forked, then everything retained', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('run', logs(3))
  const ms = Number(ids[0]?.split('-')[0])
  for (const lastEventId of [`${ms}-9`, `${ms - 1}-2`, `${ms + 5}-2`]) {
    t.match(await explainAndOpen(t, app, 'run', { lastEventId }), { decision: 'forked', requested: lastEventId, first: ids[0], lost: null })
  }
})

t.test('a malformed cursor: told in the header, refused in the query', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('run', logs(3))
  t.same(await explainAndOpen(t, app, 'run', { lastEventId: 'abc' }), { decision: 'unknown_id', requested: 'abc', first: ids[0], last: ids[2], would_replay: 3, lost: null })
  t.equal((await ask(app, 'run', { query: 'last_event_id=abc' })).status, 400)
})

t.test('the log is gone and the state is there: judged by the last id', async (t) => {
  const app = await buildApp(t, { RUN_TTL_S: '1' })
  const ids = await app.publish('run', logs(3))
  await waitUntil('the log is gone', async () => (await explain(app, 'run')).first === null)
  t.match(await explain(app, 'run', { lastEventId: ids[2] ?? '' }), { decision: 'resumed', first: null, last: ids[2], would_replay: 0, lost: 0 })
  t.match(await explainAndOpen(t, app, 'run', { lastEventId: ids[0] ?? '' }), { decision: 'expired', first: null, last: ids[2], would_replay: 0, lost: 2 })
})

t.test('a run that nobody knows: waiting; with a cursor, young means lost and old means over', async (t) => {
  const app = await buildApp(t)
  t.same(await explainAndOpen(t, app, 'new'), { decision: 'waiting', requested: null, first: null, last: '0-0', would_replay: 0, lost: 0 })
  t.match(await explainAndOpen(t, app, 'new-too', { lastEventId: '0-0' }), { decision: 'waiting', requested: '0-0' })
  const young = `${Date.now()}-7`
  t.same(await explainAndOpen(t, app, 'young', { lastEventId: young }), { decision: 'forked', requested: young, first: null, last: '0-0', would_replay: 0, lost: null })
  t.match(await explainAndOpen(t, app, 'old', { lastEventId: '1000000000000-7' }), { decision: 'expired', last: '0-0', would_replay: 0, lost: null })
  t.match(await explainAndOpen(t, app, 'over', { lastEventId: `${Date.now()}-0` }), { decision: 'no_content', would_replay: 0, lost: 0 })
})

t.test('a finished run: the rest, and nothing at its end once the grace is over', async (t) => {
  const app = await buildApp(t, { END_GRACE_MS: '300' })
  const [, second, last] = await app.publish('run', [status('running'), ...logs(1), status('succeeded')])
  await waitUntil('the grace is over', async () => (await explain(app, 'run', { lastEventId: last ?? '' })).decision === 'no_content')
  t.match(await explainAndOpen(t, app, 'run', { lastEventId: last ?? '' }), { decision: 'no_content', requested: last, last, would_replay: 0, lost: 0 })
  const before = await explain(app, 'run', { lastEventId: second ?? '' })
  t.match(before, { decision: 'resumed', requested: second, last, would_replay: 1, lost: 0 })
})

t.test('within its grace a finished run is waited for at its end', async (t) => {
  const app = await buildApp(t, { END_GRACE_MS: '60000' })
  const [last] = await app.publish('run', [status('failed')])
  t.match(await explain(app, 'run', { lastEventId: last ?? '' }), { decision: 'resumed', would_replay: 0 })
})

t.test('a client that would be refused the stream is refused the explanation', async (t) => {
  const app = await buildApp(t, { UNKNOWN_RUN: '404' })
  const [id] = await app.publish('run', logs(1))
  const refused = async (runId: string, headers: Record<string, string>, asked: Asked = {}) => {
    const response = await ask(app, runId, asked, headers)
    t.match(response.headers.get('content-type'), 'application/problem+json')
    return response.status
  }
  const as = (claims: Record<string, unknown>) => ({ authorization: `Bearer ${tokenFor(claims)}` })
  t.equal(await refused('run', { authorization: '' }), 401)
  t.equal(await refused('run', as({ scope: 'runs:write' })), 403)
  t.equal(await refused('run', as({ run_ids: ['other'] })), 403)
  t.equal(await refused('run', as({ tenant: 'other' }), { lastEventId: id ?? '' }), 404)
  t.equal(await refused('unknown', as({})), 404)
  t.match(await explain(app, 'unknown', { lastEventId: '0-0' }), { decision: 'waiting' })
})

t.test('an explanation is JSON, no stream: it takes no place, leaves the connection open and follows nothing', async (t) => {
  const app = await buildApp(t, { MAX_STREAMS: '1' })
  await app.publish('run', logs(1))
  const stream = await openEventStream(`${app.url}/api/v1/workflow-runs/run/stream`, { token: tokenFor() })
  for (let times = 0; times < 3; times++) {
    const response = await ask(app, 'run', {}, { accept: 'application/json' })
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), 'application/json')
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    t.equal(response.headers.get('cache-control'), 'no-store')
    t.not(response.headers.get('connection'), 'close')
    await response.text()
  }
  stream.destroy()
  await waitUntil('its place is given back', () => app.app.streamLimits.open === 0)
  t.equal(app.app.topics.size, 0)
})
