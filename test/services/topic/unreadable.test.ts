import t, { type Test } from 'tap'
import { StoreCorruptError } from '../../../services/problems/storage-errors.ts'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { PageRequest, RunLog } from '../../../services/run-log/run-log.ts'
import { openEventStream } from '../../helpers/http/event-stream.ts'
import { startTopicServer } from '../../helpers/http/topic-server.ts'
import { deafChannels } from '../../helpers/run-log/deaf-channels.ts'
import { appendTo, numberedLogs } from '../../helpers/run-log/publish.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const DAY_MS = 86_400_000

/** An embedded log with a clock and reads that a test can change. */
async function openLog (t: Test) {
  let passed = 0
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(),
    retention: { maxEvents: 100_000, maxBytes: 100_000_000, ttlSeconds: 3_600 },
    minFreeBytes: 0,
    now: () => Date.now() + passed,
    publish: live.publish
  })
  await log.open()
  t.teardown(() => log.close())
  const read: { before: (request: PageRequest) => void } = { before: () => {} }
  const watched: RunLog = Object.assign(Object.create(log), {
    readPage: async (request: PageRequest) => {
      read.before(request)
      return await log.readPage(request)
    }
  })
  return { log, watched, live, read, pass: (ms: number) => { passed += ms } }
}

t.test('followers of a run that is forgotten for good are told so once, and later ones wait for a new run', async (t) => {
  const { log, watched, live, read, pass } = await openLog(t)
  const { url, topics } = await startTopicServer(t, watched, live, { positionCheckMs: 50 })
  await appendTo(log, 'run', numberedLogs(3))
  const stream = await openEventStream(url('run'))
  await stream.waitFor(({ id }) => id?.endsWith('-3') === true)
  let reads = 0
  read.before = () => { reads += 1 }
  pass(9 * DAY_MS)
  await stream.waitFor(({ event }) => event === 'stream_end')
  t.strictSame(stream.frames.flatMap(({ event }) => event?.startsWith('stream_') === true ? [event] : []), ['stream_open', 'stream_gap', 'stream_end'])
  t.match(JSON.parse(stream.frames.find(({ event }) => event === 'stream_gap')?.data ?? ''), { reason: 'expired' })
  stream.destroy()
  await waitUntil('the topic is given up', () => topics.size === 0)
  t.ok(reads < 20, `${reads} reads`)
})

t.test('followers of a log that can not be read any more are told so', async (t) => {
  const { log, watched, live, read } = await openLog(t)
  const { channels: deaf, restore } = deafChannels(live)
  const { url } = await startTopicServer(t, watched, deaf)
  await appendTo(log, 'run', numberedLogs(3))
  const stream = await openEventStream(url('run'))
  await stream.waitFor(({ id }) => id?.endsWith('-3') === true)
  read.before = () => { throw new StoreCorruptError('An entry is not the service\'s.') }
  restore(['run'])
  const closed = await stream.waitFor(({ event }) => event === 'stream_close')
  t.match(closed.data, '"unavailable"')
})

t.test('a follower that finds nothing of interest in a long log leaves others their turn', async (t) => {
  const { log, watched, live, read } = await openLog(t)
  const { url } = await startTopicServer(t, watched, live)
  for (let first = 1; first <= 9_001; first += 1_000) await appendTo(log, 'run', numberedLogs(1_000, first))
  let turn = 0
  let immediate = setImmediate(function next () {
    turn += 1
    immediate = setImmediate(next)
  })
  t.teardown(() => clearImmediate(immediate))
  const turns: number[] = []
  read.before = ({ from }) => { if (from.at === 'cursor') turns.push(turn) }
  const stream = await openEventStream(url('run', '?event_types=status_change'))
  await waitUntil('all of it was looked through', () => turns.length > 15)
  t.equal(new Set(turns).size, turns.length)
  stream.destroy()
})
