import type { RunPage, RunUpdatesListener } from '@runcast/client/react'
import t, { type Test } from 'tap'
import { RunMonitor } from '../../../ui/src/monitor/run-monitor.ts'
import { aRun } from '../../helpers/pages/ui-runs.ts'

/** A monitor with a feed, a list and a clock of the test. */
function aMonitor () {
  const feeds: RunUpdatesListener[] = []
  const asked: { query: object, cursor: string | undefined, answer: PromiseWithResolvers<RunPage> }[] = []
  const later: (() => void)[] = []
  let closed = 0
  const clock = { now: 1_000 }
  const monitor = new RunMonitor({
    watchRuns: (listener) => {
      feeds.push(listener)
      return () => { closed++ }
    },
    listRuns: ({ cursor, ...query }) => {
      const answer = withResolvers<RunPage>()
      asked.push({ query, cursor, answer })
      return answer.promise
    },
    silenceMs: 300,
    now: () => clock.now,
    soon: (callback) => { later.push(callback) }
  })
  return { monitor, feeds, asked, clock, closed: () => closed, passTime: () => { for (const callback of later.splice(0)) callback() } }
}

function watched (t: Test) {
  const made = aMonitor()
  const unsubscribe = made.monitor.subscribe(() => {})
  t.teardown(unsubscribe)
  const feed = made.feeds[0]
  if (feed === undefined) throw new Error('the monitor does not watch')
  return { ...made, feed, unsubscribe, ids: () => made.monitor.state().known.runs.map((run) => run.run_id) }
}

function withResolvers<T> (): PromiseWithResolvers<T> {
  let resolve: (value: T | PromiseLike<T>) => void = () => {}
  let reject: (reason?: unknown) => void = () => {}
  const promise = new Promise<T>((...functions) => { [resolve, reject] = functions })
  return { promise, resolve, reject }
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>
  resolve: (value: T | PromiseLike<T>) => void
  reject: (reason?: unknown) => void
}

t.test('updates that come together are shown together', async (t) => {
  const { monitor, feed, ids, passTime } = watched(t)
  let shown = 0
  t.teardown(monitor.subscribe(() => { shown++ }))
  feed.onConnection('live')
  feed.onSnapshot({ runs: [aRun({ run_id: 'a' })], cursor: null })
  shown = 0
  feed.onUpdates([aRun({ run_id: 'b', created_at: '2026-01-02T00:00:00.000Z' })])
  feed.onUpdates([aRun({ run_id: 'c', created_at: '2026-01-03T00:00:00.000Z' }), aRun({ run_id: 'a', status: 'failed' })])
  t.same(ids(), ['a'])
  passTime()
  t.same(ids(), ['c', 'b', 'a'])
  t.equal(monitor.state().known.runs[2]?.status, 'failed')
  t.equal(shown, 1)
})

t.test('an update before a snapshot is not lost to it', async (t) => {
  const { feed, ids } = watched(t)
  feed.onSnapshot({ runs: [aRun({ run_id: 'a', updated_at: '2026-01-01T01:00:00.000Z' })], cursor: '1-a' })
  feed.onUpdates([aRun({ run_id: 'b', created_at: '2025-12-31T00:00:00.000Z', updated_at: '2026-01-01T02:00:00.000Z' })])
  feed.onSnapshot({ runs: [aRun({ run_id: 'a', updated_at: '2026-01-01T03:00:00.000Z' }), aRun({ run_id: 'b', created_at: '2025-12-31T00:00:00.000Z', updated_at: '2026-01-01T01:30:00.000Z' })], cursor: '1-b' })
  t.same(ids(), ['a', 'b'])
})

t.test('a page without a live connection tells the time at which it was lost', async (t) => {
  const { monitor, feed, clock } = watched(t)
  feed.onConnection('live')
  t.equal(monitor.state().staleSince, null)
  clock.now = 5_000
  feed.onConnection('reconnecting')
  clock.now = 9_000
  feed.onConnection('stale')
  t.match(monitor.state(), { connection: 'stale', staleSince: 5_000 })
  feed.onConnection('live')
  t.match(monitor.state(), { connection: 'live', staleSince: null })
})

t.test('a page with a silent feed tells the time at which the silence began', async (t) => {
  const { monitor, feed, clock } = watched(t)
  feed.onConnection('live')
  clock.now = 5_000
  feed.onConnection('stale')
  t.match(monitor.state(), { connection: 'stale', staleSince: 4_700 })
})

t.test('a person who is denied the runs does not keep those seen before', async (t) => {
  const { monitor, feed, ids } = watched(t)
  feed.onSnapshot({ runs: [aRun()], cursor: null })
  feed.onConnection('denied')
  t.same(ids(), [])
  t.equal(monitor.state().known.loaded, false)
})

t.test('older runs are asked for once at a time, by their status and from where they were left', async (t) => {
  const { monitor, feed, asked, ids } = watched(t)
  feed.onSnapshot({ runs: [aRun({ run_id: 'b' })], cursor: '2-b' })
  const loading = monitor.loadOlder('')
  await monitor.loadOlder('')
  t.equal(asked.length, 1)
  t.match(asked[0], { query: {}, cursor: '2-b' })
  t.equal(monitor.state().older, 'loading')
  asked[0]?.answer.resolve({ runs: [aRun({ run_id: 'a' })], cursor: null })
  await loading
  t.same(ids(), ['b', 'a'])
  t.equal(monitor.state().older, 'idle')
  await monitor.loadOlder('failed')
  t.equal(asked.length, 1, 'all are known')
})

t.test('the older runs of a status or an outcome begin at their first page', async (t) => {
  const { monitor, feed, asked } = watched(t)
  feed.onSnapshot({ runs: [aRun({ run_id: 'b' })], cursor: '2-b' })
  const loading = monitor.loadOlder('failed')
  t.match(asked[0], { query: { outcome: 'failed' }, cursor: undefined })
  asked[0]?.answer.resolve({ runs: [], cursor: '1-x' })
  await loading
  monitor.loadOlder('failed')
  t.match(asked[1], { query: { outcome: 'failed' }, cursor: '1-x' })
  asked[1]?.answer.resolve({ runs: [], cursor: null })
  await new Promise(setImmediate)
  monitor.loadOlder('paused')
  t.match(asked[2], { query: { status: 'paused' }, cursor: undefined })
})

t.test('a page of older runs that a new snapshot has overtaken is not taken in', async (t) => {
  const { monitor, feed, asked, ids } = watched(t)
  feed.onSnapshot({ runs: [aRun({ run_id: 'b', updated_at: '2026-01-01T00:00:00.000Z' })], cursor: '2-b' })
  const loading = monitor.loadOlder('')
  feed.onSnapshot({ runs: [aRun({ run_id: 'z', updated_at: '2026-02-01T00:00:00.000Z' })], cursor: '9-z' })
  asked[0]?.answer.resolve({ runs: [aRun({ run_id: 'a' })], cursor: null })
  await loading
  t.same(ids(), ['z'])
  t.equal(monitor.state().known.cursors[''], '9-z')
})

t.test('a failed request for older runs is shown, and can be repeated', async (t) => {
  const { monitor, feed, asked } = watched(t)
  feed.onSnapshot({ runs: [aRun()], cursor: '2-b' })
  const loading = monitor.loadOlder('')
  asked[0]?.answer.reject(new Error('away'))
  await loading
  t.equal(monitor.state().older, 'failed')
  monitor.loadOlder('')
  t.equal(asked.length, 2)
})

t.test('the runs are followed while the page is shown, and known runs stay until it is shown again', async (t) => {
  const { monitor, feeds, feed, ids, unsubscribe, closed } = watched(t)
  feed.onConnection('live')
  feed.onSnapshot({ runs: [aRun({ run_id: 'a' })], cursor: null })
  feed.onUpdates([aRun({ run_id: 'b', created_at: '2026-01-02T00:00:00.000Z' })])
  unsubscribe()
  t.equal(closed(), 1)
  t.same(ids(), ['b', 'a'], 'also what was not shown yet')
  t.equal(monitor.state().connection, 'connecting')
  t.teardown(monitor.subscribe(() => {}))
  t.equal(feeds.length, 2)
})
