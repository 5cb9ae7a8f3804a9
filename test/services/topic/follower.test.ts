import t, { type Test } from 'tap'
import { StoreCorruptError, UnavailableError } from '../../../services/problems/storage-errors.ts'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { PageRequest, RunLog } from '../../../services/run-log/run-log.ts'
import type { EventsAfter } from '../../../services/topic/follower.ts'
import { openEventStream } from '../../helpers/http/event-stream.ts'
import { startTopicServer } from '../../helpers/http/topic-server.ts'
import { appendTo, newEvent, numberedLogs } from '../../helpers/run-log/publish.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** Serves a log whose reads a test can let fail, and counts the generators of pages that are made and returned. */
async function start (t: Test) {
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(), retention: { maxEvents: 100_000, maxBytes: 1e9, ttlSeconds: 3_600 }, minFreeBytes: 0, publish: live.publish
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
  const generators = { made: 0, returned: 0 }
  const around = (eventsAfter: EventsAfter): EventsAfter => async function * (of, cursor, gone) {
    generators.made++
    try {
      yield * eventsAfter(of, cursor, gone)
    } finally {
      generators.returned++
    }
  }
  return { log, read, generators, ...await startTopicServer(t, watched, live, { around }) }
}

const big = Array.from({ length: 200 }, (_, index) => newEvent('log', { message: `${index} ${'x'.repeat(20_000)}` }))

t.test('a follower that catches up has one generator, which is returned when it joins the lane', async (t) => {
  const { log, url, generators } = await start(t)
  await appendTo(log, 'run', numberedLogs(1_000))
  await appendTo(log, 'run', numberedLogs(200, 1_001))
  const stream = await openEventStream(url('run'))
  await stream.waitFor(({ id }) => id?.endsWith('-1200') === true)
  await waitUntil('the generator is returned', () => generators.returned === 1)
  t.equal(generators.made, 1)
  stream.destroy()
})

t.test('the generator of a client that does not read is returned when the client leaves', async (t) => {
  const { log, url, generators, topics } = await start(t)
  for (let batch = 0; batch < 10; batch++) await appendTo(log, 'run', big)
  const stream = await openEventStream(url('run'))
  stream.pause()
  await waitUntil('the generator is made', () => generators.made === 1)
  t.equal(generators.returned, 0)
  stream.destroy()
  await waitUntil('the generator is returned', () => generators.returned === 1)
  await waitUntil('the topic is released', () => topics.size === 0)
  t.equal(generators.made, 1)
})

t.test('the generator that waits for a log without an answer is returned when the client leaves', async (t) => {
  const { log, url, generators, read, seen } = await start(t)
  await appendTo(log, 'run', numberedLogs(1_000))
  let refused = 0
  read.before = ({ from }) => {
    if (from.at !== 'cursor') return
    refused++
    throw new UnavailableError('The log does not answer.')
  }
  const stream = await openEventStream(url('run'))
  await waitUntil('the log is asked again', () => refused > 1)
  t.match(generators, { made: 1, returned: 0 })
  stream.destroy()
  await waitUntil('the generator is returned', () => generators.returned === 1)
  t.strictSame(seen.failed, [])
})

t.test('a fault of the generator ends its own stream, and no more', async (t) => {
  const { log, url, generators, read, seen } = await start(t)
  await appendTo(log, 'run', numberedLogs(1_000))
  read.before = ({ from }) => {
    if (from.at === 'cursor') throw new StoreCorruptError('An entry is none of the service.')
  }
  const stream = await openEventStream(url('run'))
  await stream.ended
  t.match(stream.frames.at(-1), { event: 'stream_close', data: '{"reason":"unavailable"}' })
  t.match(generators, { made: 1, returned: 1 })
  t.match(seen.failed, [{ code: 'store_corrupt' }])
})
