import t, { type Test } from 'tap'
import { LAG_BYTES } from '../../../services/feed/feed-follower.ts'
import type { FeedOptions } from '../../../services/feed/feed.ts'
import { StoreCorruptError, UnavailableError } from '../../../services/problems/storage-errors.ts'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { RunLog } from '../../../services/run-log/run-log.ts'
import { openEventStream, type EventStream } from '../../helpers/http/event-stream.ts'
import { startFeedServer, type FeedServer, type FeedServerOptions } from '../../helpers/http/feed-server.ts'
import { isUpdateTo, watchedRuns } from '../../helpers/pages/watched-runs.ts'
import { seededRandom, testSeed } from '../../helpers/random.ts'
import { appendTo, newEvent, numberedLogs } from '../../helpers/run-log/publish.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

interface Harness extends FeedServer {
  readonly log: RunLog
  /** The number of the feed's calls of a function of the log. */
  calls (name: 'readRun' | 'listRuns'): number
  /** Lets every read of the feed fail with this error from now on; null lets them succeed. */
  fail (error: Error | null): void
  /** Loses all hints from now on, or none. */
  loseHints (lost: boolean): void
  watch (): Promise<EventStream>
}

async function start (t: Test, options: FeedServerOptions = {}): Promise<Harness> {
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(),
    retention: { maxEvents: 100_000, maxBytes: 1_000_000_000, ttlSeconds: 3_600 },
    minFreeBytes: 0,
    publish: live.publish
  })
  await log.open()
  const calls = { readRun: 0, listRuns: 0 }
  let fault: Error | null = null
  let deaf = false
  const counted: FeedOptions['log'] = {
    async readRun (runId) {
      calls.readRun++
      if (fault !== null) throw fault
      return await log.readRun(runId)
    },
    async listRuns (request) {
      calls.listRuns++
      if (fault !== null) throw fault
      return await log.listRuns(request)
    }
  }
  const lossy: FeedOptions['live'] = {
    subscribeChanges: (tenant, listener) => live.subscribeChanges(tenant, {
      changed: (runId) => { if (!deaf) listener.changed(runId) },
      missed: () => listener.missed()
    })
  }
  const server = await startFeedServer(t, { log: counted, live: lossy }, options)
  t.teardown(() => log.close())
  return {
    ...server,
    log,
    calls: (name) => calls[name],
    fail: (error) => { fault = error },
    loseHints: (lost) => { deaf = lost },
    async watch () {
      const stream = await openEventStream(server.url)
      await stream.waitFor(({ event }) => event === 'runs_snapshot')
      return stream
    }
  }
}

const countOf = (stream: EventStream, name: string) => stream.frames.filter(({ event }) => event === name).length

const state = (status: string, payload = {}) => newEvent('status_change', { status, ...payload })

t.test('a run is read once per round for any number of followers, and all get the same bytes', async (t) => {
  const { log, watch, calls, feeds } = await start(t)
  await appendTo(log, 'run', [state('running')])
  const startedAt = performance.now()
  // One read per round of 250 ms, for any number of followers and changes.
  const most = () => 3 + (performance.now() - startedAt) / 250
  const streams = await Promise.all(Array.from({ length: 30 }, () => watch()))
  t.ok(calls('listRuns') <= most(), `${calls('listRuns')} pages for all snapshots`)
  t.equal(feeds.streams, 30)
  let last: string | undefined
  for (let append = 0; append < 50; append++) last = (await appendTo(log, 'run', numberedLogs(1))).at(-1)
  for (const stream of streams) await stream.waitFor(isUpdateTo(last))
  t.ok(calls('readRun') <= most(), `${calls('readRun')} reads for 50 changes`)
  const [first, ...others] = streams.map((stream) => stream.text().slice(stream.text().indexOf('event: run_updated')))
  for (const other of others) t.equal(other, first)
  for (const stream of streams) stream.destroy()
  await waitUntil('nobody is left', () => feeds.streams === 0 && feeds.size === 0)
})

t.test('a slow follower gets the newest page later, and no update is kept for it', async (t) => {
  const { log, watch, url, followers } = await start(t)
  const quick = await watch()
  const slow = await openEventStream(url)
  await slow.waitFor(({ event }) => event === 'runs_snapshot')
  slow.pause()
  const steps = Array.from({ length: 300 }, (_, step) => state('running', { step: `step-${step}`, name: 'a long name '.repeat(10) }))
  let backlog = 0
  for (let round = 1; round <= 4; round++) {
    const newest = await Promise.all(Array.from({ length: 100 }, async (_, run) => (await appendTo(log, `run-${run}`, round === 1 ? steps : [state('waiting')])).at(-1)))
    await waitUntil('the quick one has all', () => {
      const { runs } = watchedRuns(quick)
      return newest.every((id, run) => runs.get(`run-${run}`)?.last_event_id === id)
    })
    backlog = Math.max(backlog, followers[1]?.backlog() ?? 0)
  }
  t.ok(backlog > LAG_BYTES && backlog < 10_000_000, `${backlog} bytes waited`)
  const [last] = await appendTo(log, 'run-0', [state('failed', { error: 'short' })])
  await quick.waitFor(isUpdateTo(last))
  slow.resume()
  await waitUntil('the newest page came again', () => countOf(slow, 'runs_snapshot') === 2)
  const [has, truth] = [watchedRuns(slow).runs, watchedRuns(quick).runs]
  t.equal(has.get('run-0')?.status, 'failed')
  for (const [runId, run] of has) t.strictSame(run, truth.get(runId))
  const [next] = await appendTo(log, 'run-1', [state('running')])
  await slow.waitFor(isUpdateTo(next))
  quick.destroy()
  slow.destroy()
})

t.test('a change without a hint is found by the check, and told once', async (t) => {
  const { log, watch, loseHints } = await start(t, { checkMs: 30 })
  const before = await Promise.all(Array.from({ length: 5 }, (_, run) => appendTo(log, `before-${run}`, [state('running')])))
  t.equal(before.length, 5)
  const stream = await watch()
  loseHints(true)
  const last = new Map<string, string | undefined>()
  for (let run = 0; run < 250; run++) last.set(`run-${run}`, (await appendTo(log, `run-${run}`, numberedLogs(1))).at(-1))
  last.set('before-0', (await appendTo(log, 'before-0', [state('failed')])).at(-1))
  await waitUntil('all are told', () => countOf(stream, 'run_updated') >= last.size)
  const { updates } = watchedRuns(stream)
  t.strictSame(new Map(updates.map((run) => [run.run_id, run.last_event_id])), last)
  loseHints(false)
  const [id] = await appendTo(log, 'run-7', numberedLogs(1))
  await stream.waitFor(isUpdateTo(id))
  t.equal(watchedRuns(stream).updates.length, last.size + 1, 'none was told twice')
  stream.destroy()
})

t.test('followers that come and go while runs change have the states of all runs in the end', async (t) => {
  const { log, watch, url, faults } = await start(t, { checkMs: 100 })
  const seed = testSeed()
  t.comment(`SEED=${seed}`)
  const chance = seededRandom(seed)
  const random = (below: number) => Math.floor(chance() * below)
  const publishing = new Set([publish()])
  async function publish () {
    for (let append = 0; append < 800; append++) await appendTo(log, `run-${random(20)}`, append % 7 === 0 ? [state('running')] : numberedLogs(1))
    publishing.clear()
  }
  const streams = [await watch()]
  do {
    const stream = await watch()
    if (streams.length > 2 && random(2) === 0) stream.destroy()
    else streams.push(stream)
    if (random(3) === 0) (await openEventStream(url)).destroy()
  } while (publishing.size > 0)
  const { runs } = await log.listRuns({ tenant: '', status: null, outcome: null, limit: 50, cursor: null, allows: () => true })
  const truth = new Map(runs.map(({ runId, lastEventId }) => [runId, lastEventId]))
  for (const [number, stream] of streams.entries()) {
    const has = () => watchedRuns(stream).runs
    await waitUntil(`stream ${number} has all`, () => [...truth].every(([runId, lastEventId]) => has().get(runId)?.last_event_id === lastEventId))
    stream.destroy()
  }
  t.strictSame(faults, [])
})

t.test('while the log can not be read a waiting follower is closed, and a current one stays and gets the changes later', async (t) => {
  const { log, watch, url, fail, faults, closed } = await start(t)
  await appendTo(log, 'run', [state('running')])
  const stream = await watch()
  fail(new UnavailableError('Redis is away.'))
  const waiting = await openEventStream(url)
  const [id] = await appendTo(log, 'run', [state('failed')])
  await waiting.ended
  t.match(waiting.text(), /^retry: \d+\nevent: stream_close\ndata: \{"reason":"unavailable"\}\n\n$/)
  await waitUntil('one is gone', () => closed.length === 1)
  t.match(faults[0], { code: 'unavailable' })
  fail(null)
  await stream.waitFor(isUpdateTo(id))
  t.equal(watchedRuns(stream).snapshots, 1)
  stream.destroy()
})

t.test('a run that can not be read holds up no other', async (t) => {
  const { log, watch, fail, calls, faults } = await start(t)
  const stream = await watch()
  fail(new StoreCorruptError('The state is broken.'))
  await appendTo(log, 'broken', [state('running')])
  await waitUntil('it was tried', () => calls('readRun') > 0)
  fail(null)
  const [id] = await appendTo(log, 'other', [state('running')])
  await stream.waitFor(isUpdateTo(id))
  t.strictSame(faults, [])
  stream.destroy()
})
