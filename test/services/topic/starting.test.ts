import t, { type Test } from 'tap'
import { StoreCorruptError } from '../../../services/problems/storage-errors.ts'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { PageRequest, RunLog } from '../../../services/run-log/run-log.ts'
import { eventsOf, openEventStream } from '../../helpers/http/event-stream.ts'
import { startTopicServer } from '../../helpers/http/topic-server.ts'
import { deafChannels } from '../../helpers/run-log/deaf-channels.ts'
import { appendTo, numberedLogs } from '../../helpers/run-log/publish.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

async function openLog (t: Test) {
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(),
    retention: { maxEvents: 10_000, maxBytes: 10_000_000, ttlSeconds: 3_600 },
    minFreeBytes: 0,
    publish: live.publish
  })
  await log.open()
  t.teardown(() => log.close())
  return { log, live }
}

t.test('a connection that comes back while a topic starts costs no event and doubles none', async (t) => {
  const { log, live } = await openLog(t)

  let hasLooked = false
  const start = gate()
  const repair = gate()
  const slow: RunLog = Object.assign(Object.create(log), {
    readPage: async (request: PageRequest) => {
      const page = await log.readPage(request)
      if (request.from.at === 'end') {
        hasLooked = true
        await start.opened
      }
      if (request.from.at === 'cursor') await repair.opened
      return page
    }
  })
  const { channels: deaf, restore } = deafChannels(live)

  const { url } = await startTopicServer(t, slow, deaf)
  await appendTo(log, 'run', numberedLogs(3))
  const opening = openEventStream(url('run'))
  await waitUntil('the topic has found the end of the run', () => hasLooked)
  restore(['run'])
  // One read of the log: time enough to look again.
  await log.readPage({ runId: 'run', from: { at: 'first' }, limit: 10 })
  start.open()
  const stream = await opening
  await stream.waitFor(({ id }) => id?.endsWith('-3') === true)
  repair.open()
  await appendTo(log, 'run', numberedLogs(1, 4))
  restore(['run'])
  await stream.waitFor(({ id }) => id?.endsWith('-4') === true)
  t.strictSame(eventsOf(stream).map(({ id }) => Number(id?.split('-')[1])), [1, 2, 3, 4])
  stream.destroy()
})

t.test('a repair that fails in the middle costs no event and doubles none', async (t) => {
  const { log, live } = await openLog(t)
  let isRepairing = false
  let reads = 0
  const failing: RunLog = Object.assign(Object.create(log), {
    readPage: async (request: PageRequest) => {
      if (isRepairing && (reads += 1) === 2) throw new StoreCorruptError('A page can not be read.')
      return await log.readPage(request)
    }
  })
  const { channels: deaf, restore } = deafChannels(live)
  const { url } = await startTopicServer(t, failing, deaf, { positionCheckMs: 100 })
  await appendTo(log, 'run', numberedLogs(1))
  const stream = await openEventStream(url('run'))
  await stream.waitFor(({ id }) => id?.endsWith('-1') === true)
  await appendTo(log, 'run', numberedLogs(900, 2))
  isRepairing = true
  restore(['run'])
  await stream.waitFor(({ id }) => id?.endsWith('-901') === true)
  t.ok(reads > 2)
  t.strictSame(eventsOf(stream).map(({ id }) => Number(id?.split('-')[1])), Array.from({ length: 901 }, (_, index) => index + 1))
  stream.destroy()
})

/** Makes a promise that a test resolves when it wants. */
function gate (): { readonly opened: Promise<void>, open (): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  return { opened, open: () => open() }
}

t.test('followers that want nothing of the past share a read of the log, and its word does not hold for long', async (t) => {
  const { log, live } = await openLog(t)
  let reads = 0
  const counted: RunLog = Object.assign(Object.create(log), {
    readPage: (request: PageRequest) => {
      reads++
      return log.readPage(request)
    }
  })
  const startedAt = performance.now()
  const { url } = await startTopicServer(t, counted, deafChannels(live).channels)
  for (let round = 0; round < 100; round++) (await openEventStream(url('run', round % 2 === 0 ? '' : '?from=now'))).pause()
  t.ok(reads <= 2 + 2 * (performance.now() - startedAt) / 1_000, `${reads} reads`)

  await appendTo(log, 'run', numberedLogs(10))
  await waitUntil('a new follower is told where the run is now', async () => {
    const stream = await openEventStream(url('run', '?tail=1'))
    const open = await stream.waitFor(({ event }) => event === 'stream_open')
    stream.destroy()
    return open.id?.endsWith('-9') === true
  })
})
