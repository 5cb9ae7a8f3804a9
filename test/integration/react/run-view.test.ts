import { cp } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { startProxy } from '../../helpers/http/tcp-proxy.ts'
import { openOrigin, type Followed } from '../../helpers/pages/browser-tabs.ts'
import { buildApp, temporaryDirectory, tokenFor, type App } from '../../helpers/service/app.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const SETTINGS = { DRAIN_MS: '0', STREAM_HEARTBEAT_MS: '50', STREAM_RETRY_MS: '50', END_GRACE_MS: '50', RUN_MAX_EVENTS: '1500' }

const app = await buildApp(t, SETTINGS)

const openTab = (t: Test, options: { url?: string, token?: string, heartbeatMs?: number } = {}) =>
  openOrigin(t, { url: app.url, token: tokenFor(), heartbeatMs: 10_000, ...options }).openTab('tab')

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const events = (from: number, to: number) => numbers(from, to).map((payload) => ({ payload }))
const status = (status: string, step?: string) => ({ event_type: 'status_change', payload: step === undefined ? { status } : { status, step } })
const seen = ({ store }: Followed) => store.snapshot.events.map(({ data }) => data)
const settled = (followed: Followed, connection: string) => waitUntil(`it is ${connection}`, () => followed.store.snapshot.connection === connection)
const publish = async (runId: string, from: number, to: number): Promise<string[]> => {
  const ids: string[] = []
  for (let next = from; next <= to; next += 1_000) ids.push(...await app.publish(runId, events(next, Math.min(next + 999, to))))
  return ids
}
const portOf = ({ url }: App) => Number(new URL(url).port)

t.test('events begin where they are asked to, and go on live', async (t) => {
  const ids = await publish('begin', 1, 1_200)
  const tab = openTab(t)
  const first = tab.follow('begin')
  const tail = tab.follow('begin', { from: { tail: 1_100 } })
  const all = tab.follow('begin', { from: { tail: 5_000 } })
  const after = tab.follow('begin', { from: { after: ids[1_189] ?? '' } })
  const now = tab.follow('begin', { from: 'now' })
  const none = tab.follow('begin', { from: { tail: 0 } })
  const capped = tab.follow('begin', { maxEvents: 10 })
  const followed = [first, tail, all, after, now, none, capped]
  for (const one of followed) await settled(one, 'live')
  await app.publish('begin', events(1_201, 1_205))
  await waitUntil('all have the last event', () => followed.every((one) => seen(one).at(-1) === 1_205))
  t.same(seen(first), numbers(1, 1_205))
  t.same(seen(tail), numbers(101, 1_205))
  t.same(seen(all), numbers(1, 1_205))
  t.same(seen(after), numbers(1_191, 1_205))
  t.same(seen(now), numbers(1_201, 1_205))
  t.same(seen(none), numbers(1_201, 1_205))
  t.same(seen(capped), numbers(1_196, 1_205))
  const last = first.store.snapshot.events.at(-1)
  t.equal(first.store.snapshot.lastEventAt, Number(last?.id.split('-')[0]))
  t.equal(first.store.snapshot.gap, null)
})

t.test('a run is waited for, goes on and ends, and a follower after its end gets all of it', async (t) => {
  const tab = openTab(t)
  const one = tab.follow('life')
  await settled(one, 'waiting')
  t.match(one.store.snapshot, { events: [], status: null, lastEventAt: null, gap: null })
  await app.publish('life', [status('Running'), status('failed', 'compile')])
  await settled(one, 'live')
  t.equal(one.store.snapshot.status, 'running', 'a step does not change the status of its run')
  await app.publish('life', [status('SUCCEEDED'), { payload: 'straggler' }])
  await settled(one, 'ended')
  t.match(one.store.snapshot, { status: 'succeeded', connection: 'ended' })
  t.equal(one.store.snapshot.events.length, 4)
  const late = tab.follow('life', { from: { tail: 2 } })
  await settled(late, 'ended')
  t.match(late.store.snapshot, { status: 'succeeded', events: [{ type: 'status_change' }, { data: 'straggler' }] })
  const later = openTab(t).follow('life')
  await settled(later, 'ended')
  t.equal(later.store.snapshot.events.length, 4)
})

t.test('payloads keep their own text, from the log and from the stream', async (t) => {
  const publishNumber = (n: string) => app.call('/api/v1/workflow-runs/exact/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"payload": {"n": ${n}}}` })
  await publishNumber('1152921504606846976')
  const tab = openTab(t)
  const [first, tail] = [tab.follow('exact'), tab.follow('exact', { from: { tail: 5 } })]
  await settled(first, 'live')
  await settled(tail, 'live')
  await publishNumber('1152921504606846977')
  await waitUntil('both have both', () => [first, tail].every((one) => seen(one).length === 2))
  for (const { store } of [first, tail]) {
    t.same(store.snapshot.events.map(({ raw }) => raw), ['{"n":1152921504606846976}', '{"n":1152921504606846977}'])
    t.match(store.snapshot.events[0], { kind: 'event', type: 'message', data: { n: 2 ** 60 } })
  }
})

t.test('events that are not kept any more are told and counted', async (t) => {
  await publish('trimmed', 1, 3_000)
  const one = openTab(t).follow('trimmed')
  await settled(one, 'live')
  const { gap } = one.store.snapshot
  t.match(gap, { reason: 'expired', requested: '0-0', lost: 3_000 - seen(one).length })
  t.match(gap?.history_url, /\/api\/v1\/workflow-runs\/trimmed\/events$/)
  t.equal(seen(one).at(-1), 3_000)
})

t.test('a cursor that the log contradicts gives everything kept, and says so', async (t) => {
  await app.publish('contradicted', events(1, 3))
  const tab = openTab(t)
  const one = tab.follow('contradicted', { from: { after: '1-99' } })
  await settled(one, 'live')
  t.same(seen(one), [1, 2, 3])
  t.match(one.store.snapshot.gap, { reason: 'forked', requested: '1-99', resumed_after: '0-0', lost: null })
  const beyond = tab.follow('contradicted', { from: { after: '9000000000000000-9' } })
  await settled(beyond, 'live')
  t.same(seen(beyond), [1, 2, 3])
  t.match(beyond.store.snapshot.gap, { reason: 'forked', requested: '9000000000000000-9' })
})

t.test('after a broken connection and after a silent one it goes on where it was', async (t) => {
  const proxy = await startProxy(t, portOf(app))
  const one = openTab(t, { url: `http://127.0.0.1:${proxy.port}`, heartbeatMs: 150 }).follow('broken')
  const connections: string[] = []
  one.store.subscribe(() => connections.push(one.store.snapshot.connection))
  await settled(one, 'waiting')
  await app.publish('broken', events(1, 3))
  await settled(one, 'live')

  proxy.refuse(true)
  proxy.cut()
  await settled(one, 'reconnecting')
  await app.publish('broken', events(4, 6))
  proxy.refuse(false)
  await waitUntil('it has what it missed', () => seen(one).length === 6)
  await settled(one, 'live')

  proxy.blackhole(true)
  await settled(one, 'stale')
  await app.publish('broken', events(7, 9))
  proxy.blackhole(false)
  await waitUntil('it has what it missed', () => seen(one).length === 9)
  await settled(one, 'live')
  t.same(seen(one), numbers(1, 9))
  t.equal(one.store.snapshot.gap, null)
})

t.test('the history that the service has lost is void', async (t) => {
  const [before, after] = [await buildApp(t, SETTINGS), await buildApp(t, SETTINGS)]
  const proxy = await startProxy(t, portOf(before))
  const one = openTab(t, { url: `http://127.0.0.1:${proxy.port}` }).follow('r')
  await before.publish('r', events(1, 3))
  await waitUntil('it has the events', () => seen(one).length === 3)
  proxy.retarget(portOf(after))
  proxy.cut()
  await waitUntil('it is told', () => one.store.snapshot.gap !== null)
  await settled(one, 'live')
  t.same(seen(one), [], 'the events of the lost history are gone')
  t.match(one.store.snapshot.gap, { reason: 'forked', resumed_after: '0-0', lost: null })
  await after.publish('r', [{ payload: 'new' }])
  await waitUntil('it has the new event', () => seen(one).length > 0)
  t.same(seen(one), ['new'])
})

t.test('of a history that went another way, what is not in it any more is void', async (t) => {
  const [directory, copy] = [await temporaryDirectory(t), await temporaryDirectory(t)]
  const first = await buildApp(t, { ...SETTINGS, DATA_DIR: directory })
  await first.publish('r', events(1, 3))
  await first.close()
  await cp(directory, copy, { recursive: true })
  const before = await buildApp(t, { ...SETTINGS, DATA_DIR: directory })
  const after = await buildApp(t, { ...SETTINGS, DATA_DIR: copy })

  const proxy = await startProxy(t, portOf(before))
  const one = openTab(t, { url: `http://127.0.0.1:${proxy.port}` }).follow('r')
  await before.publish('r', events(4, 5))
  await waitUntil('it has all events', () => seen(one).length === 5)
  proxy.retarget(portOf(after))
  proxy.cut()
  await waitUntil('it is told', () => one.store.snapshot.gap !== null)
  await settled(one, 'live')
  t.same(seen(one), [1, 2, 3])
  t.match(one.store.snapshot.gap, { reason: 'forked', lost: null })
  await after.publish('r', [{ payload: 'other' }])
  await waitUntil('it has the new event', () => seen(one).length > 3)
  t.same(seen(one), [1, 2, 3, 'other'])
})

t.test('a refusal is final until the person comes back to the tab', async (t) => {
  const tokens = ['bad', tokenFor()]
  const origin = openOrigin(t, { url: app.url, getToken: () => tokens[0] ?? '', heartbeatMs: 60_000 })
  const tab = origin.openTab('tab')
  await app.publish('refused', events(1, 2))
  const one = tab.follow('refused')
  await settled(one, 'denied')
  await waitUntil('it has given up', () => origin.holders('runcast-run').length === 0)
  t.same(seen(one), [])
  tokens.shift()
  tab.hide()
  tab.show()
  await settled(one, 'live')
  t.same(seen(one), [1, 2])
})

t.test('a refused run that is opened again, as after signing in, is followed at once', async (t) => {
  const tokens = ['bad', tokenFor()]
  const origin = openOrigin(t, { url: app.url, getToken: () => tokens[0] ?? '', heartbeatMs: 60_000 })
  const tab = origin.openTab('tab')
  await app.publish('reopened', events(1, 2))
  const one = tab.follow('reopened')
  await settled(one, 'denied')
  await waitUntil('it has given up', () => origin.holders('runcast-run').length === 0)
  one.unmount()
  tokens.shift()
  const again = tab.follow('reopened')
  await settled(again, 'live')
  t.same(seen(again), [1, 2])
})

t.test('a forbidden run and an invalid run id are denied', async (t) => {
  const [forbidden, invalid] = [openTab(t, { token: tokenFor({ run_ids: ['other'] }) }).follow('begin'), openTab(t).follow('not a run id')]
  await settled(forbidden, 'denied')
  await settled(invalid, 'denied')
  t.same([...seen(forbidden), ...seen(invalid)], [])
})
