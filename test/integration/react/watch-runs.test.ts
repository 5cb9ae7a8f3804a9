import type { RunPage, RunSummary } from '@runcast/client/react'
import t, { type Test } from 'tap'
import type { Run, RunList } from '../../../schemas/runs.ts'
import { openOrigin, type BrowserTab } from '../../helpers/pages/browser-tabs.ts'
import { buildApp, tokenFor } from '../../helpers/service/app.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** Checked by the compiler: the client's types match the service's. */
export const summaryOf = (run: Run): RunSummary => run
export const pageOf = (list: RunList): RunPage => list

const app = await buildApp(t, { DRAIN_MS: '0', STREAM_HEARTBEAT_MS: '50' })
const open = (t: Test, token = tokenFor()) => openOrigin(t, { url: app.url, token, heartbeatMs: 10_000 })
const log = (message: string) => ({ event_type: 'log', payload: { message } })

/** Shows runs as a page does: each snapshot replaces them. */
function watch (tab: BrowserTab) {
  const shown = { runs: new Map<string, RunSummary>(), snapshots: 0, connection: '' }
  tab.watchRuns({
    onSnapshot ({ runs }) {
      shown.snapshots++
      shown.runs = new Map(runs.map((run) => [run.run_id, run]))
    },
    onUpdates (runs) {
      for (const run of runs) shown.runs.set(run.run_id, run)
    },
    onConnection (connection) {
      shown.connection = connection
    }
  })
  return shown
}

const lastLog = (shown: { runs: Map<string, RunSummary> }, runId: string) => shown.runs.get(runId)?.last_log

t.test('tabs share the feed of runs, and those that join have the runs from before', async (t) => {
  const origin = open(t)
  await app.publish('old', log('before'))
  const first = watch(origin.openTab('first'))
  await waitUntil('the first tab is told', () => lastLog(first, 'old') === 'before' && first.connection === 'live')
  const second = watch(origin.openTab('second'))
  const third = watch(origin.openTab('third'))
  await waitUntil('the others are told', () => [second, third].every((shown) => lastLog(shown, 'old') === 'before'))
  await app.publish('new', log('hello'))
  await app.publish('old', log('after'))
  const all = [first, second, third]
  await waitUntil('all know of the changes', () => all.every((shown) => lastLog(shown, 'new') === 'hello' && lastLog(shown, 'old') === 'after'))
  t.equal(origin.streams.opened, 1)
  t.same(all.map(({ connection }) => connection), ['live', 'live', 'live'])
})

t.test('the feed counts among the four streams, and goes on when its tab closes', async (t) => {
  const origin = open(t)
  const leader = origin.openTab('leader')
  watch(leader)
  await waitUntil('it has a permit', () => origin.holders('runcast-slot').includes('leader'))
  const other = watch(origin.openTab('other'))
  await waitUntil('the other is live', () => other.connection === 'live' && other.snapshots > 0)
  const runs = [1, 2, 3].map((number) => origin.openTab(`run ${number}`).follow(`feed-${number}`))
  await waitUntil('all permits are taken', () => runs.every(({ store }) => store.snapshot.connection === 'waiting'))
  t.equal(origin.holders('runcast-slot').length, 4)
  leader.close()
  await app.publish('feed-1', log('while nobody led'))
  await waitUntil('the other goes on', () => other.connection === 'live' && lastLog(other, 'feed-1') === 'while nobody led')
  t.equal(origin.streams.most, 4)
})

t.test('updates come at most once a frame, each run once', async (t) => {
  const origin = open(t)
  const tab = origin.openTab('tab')
  const batches: RunSummary[][] = []
  tab.watchRuns({ onSnapshot () {}, onUpdates: (runs) => batches.push([...runs]), onConnection () {} })
  const shown = watch(tab)
  await waitUntil('it is live', () => shown.connection === 'live')
  for (let number = 1; number <= 30; number++) await app.publish(`many-${number % 3}`, log(`line ${number}`))
  await waitUntil('the last state is known', () => lastLog(shown, 'many-0') === 'line 30' && lastLog(shown, 'many-2') === 'line 29' && lastLog(shown, 'many-1') === 'line 28')
  for (const batch of batches) t.equal(new Set(batch.map((run) => run.run_id)).size, batch.length)
})

t.test('the feed is denied without the right to read', async (t) => {
  const shown = watch(open(t, 'no token').openTab('tab'))
  await waitUntil('it is denied', () => shown.connection === 'denied')
  t.equal(shown.snapshots, 0)
})
