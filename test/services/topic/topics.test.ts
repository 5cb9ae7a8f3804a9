import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { msOf } from '@runcast/protocol'
import t, { type Test } from 'tap'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { RunLog } from '../../../services/run-log/run-log.ts'
import { eventsOf, openEventStream, type EventStream } from '../../helpers/http/event-stream.ts'
import { startTopicServer, type TopicServer, type TopicServerOptions } from '../../helpers/http/topic-server.ts'
import { appendTo, newEvent, numberedLogs } from '../../helpers/run-log/publish.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

interface Harness extends TopicServer {
  readonly log: RunLog
}

async function start (t: Test, options: TopicServerOptions & { maxEvents?: number } = {}): Promise<Harness> {
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(),
    retention: { maxEvents: options.maxEvents ?? 100_000, maxBytes: 1_000_000_000, ttlSeconds: 3_600 },
    minFreeBytes: 0,
    publish: live.publish
  })
  await log.open()
  const server = await startTopicServer(t, log, live, options)
  t.teardown(() => log.close())
  return { ...server, log }
}

const seqs = (stream: EventStream) => eventsOf(stream).map(({ id }) => Number(id?.split('-')[1]))
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
const isSeq = (seq: number) => ({ id, event }: { id: string | undefined, event: string | undefined }) => event === 'log' && id?.endsWith(`-${seq}`) === true

t.test('a follower gets history and then live events, each once and in order', async (t) => {
  const { log, url } = await start(t)
  await appendTo(log, 'run', numberedLogs(1_234))
  const stream = await openEventStream(url('run'))
  await stream.waitFor(isSeq(1_234))
  await appendTo(log, 'run', numberedLogs(3, 1_235))
  await stream.waitFor(isSeq(1_237))
  t.strictSame(seqs(stream), upTo(1_237))
  t.strictSame(JSON.parse(stream.frames[0]?.data ?? ''), { run_id: 'run', mode: 'fresh', position: '0-0', status: null })
  stream.destroy()
})

t.test('followers that come, go and resume while events are published miss and repeat none', async (t) => {
  const { log, url, topics, seen } = await start(t)
  const total = 1_500
  const publishing = (async () => {
    for (let first = 1; first <= total; first += 5) await appendTo(log, 'busy', numberedLogs(5, first))
  })()
  const follow = async (cuts: number) => {
    const got: number[] = []
    let lastEventId: string | undefined
    for (let connection = 0; got.at(-1) !== total; connection++) {
      const stream = await openEventStream(url('busy'), lastEventId === undefined ? {} : { lastEventId })
      const until = connection < cuts ? Math.min(total, (got.at(-1) ?? 0) + 200) : total
      await stream.waitFor(({ id }) => Number(id?.split('-')[1]) >= until)
      stream.destroy()
      got.push(...seqs(stream))
      lastEventId = stream.frames.at(-1)?.id
    }
    return got
  }
  const all = await Promise.all(Array.from({ length: 20 }, (_, index) => follow(index % 4)))
  await publishing
  for (const got of all) t.strictSame(got, upTo(total))
  t.match(seen, { gaps: [], fellBack: 0, failed: [] })
  await waitUntil('everything is released', () => topics.streams === 0 && topics.size === 0)
})

t.test('a follower of a run that does not exist waits for its first event', async (t) => {
  const { log, url } = await start(t)
  const stream = await openEventStream(url('later'))
  t.match(JSON.parse((await stream.waitFor(({ event }) => event === 'stream_open')).data), { mode: 'waiting', position: '0-0' })
  await appendTo(log, 'later', numberedLogs(2))
  await stream.waitFor(isSeq(2))
  t.strictSame(seqs(stream), [1, 2])
  stream.destroy()
})

t.test('a follower that waited for a run gets nothing when another tenant opens it', async (t) => {
  const { log, url, topics } = await start(t, { tenant: 'ours', heartbeatMs: 40 })
  const stream = await openEventStream(url('contested'))
  await appendTo(log, 'contested', numberedLogs(3), 'theirs')
  await waitUntil('the stream is idle', () => stream.comments.length >= 3)
  t.strictSame(seqs(stream), [])
  t.equal((await openEventStream(url('contested'))).status, 404)
  stream.destroy()
  await waitUntil('the topic is released', () => topics.size === 0)
})

t.test('the stream of a finished run ends after the grace, with its stragglers, and then answers 204', async (t) => {
  const { log, url } = await start(t, { graceMs: 2_000 })
  await appendTo(log, 'job', [...numberedLogs(2), newEvent('status_change', { status: 'Failed' })])
  const stream = await openEventStream(url('job'))
  await stream.waitFor(({ event }) => event === 'status_change')
  const [straggler] = await appendTo(log, 'job', numberedLogs(1, 4))
  await stream.ended
  const end = stream.frames.at(-1)
  t.match(end, { event: 'stream_end', id: straggler })
  t.strictSame(JSON.parse(end?.data ?? ''), { status: 'failed', last_event_id: straggler, events: 4, counts: { log: 3, status_change: 1 } })
  t.strictSame(seqs(stream), [1, 2, 3, 4])
  t.equal((await openEventStream(url('job'), { lastEventId: straggler ?? '' })).status, 204)
  const again = await openEventStream(url('job'), { lastEventId: eventsOf(stream)[1]?.id ?? '' })
  await again.ended
  t.strictSame(seqs(again), [3, 4], 'a cursor before the end gets the rest and the end')
  t.equal(again.frames.at(-1)?.event, 'stream_end')
})

t.test('remarks of the service come before the end of a finished run, and do not put it off', async (t) => {
  const { log, url } = await start(t, { graceMs: 3_000 })
  const [, end] = await appendTo(log, 'job', [...numberedLogs(1), newEvent('status_change', { status: 'failed' })])
  const stream = await openEventStream(url('job'))
  const remark = () => log.append({ runId: 'job', tenant: '', appendId: randomUUID(), remark: { withinMs: 2_250 }, events: [newEvent('publish_refused', { count: 1 })] })
  let remarks = 0
  await t.rejects(async () => {
    for (;;) {
      await remark()
      remarks++
      await delay(50)
    }
  }, { code: 'run_not_found' })
  await stream.ended
  t.ok(Date.now() - msOf(end ?? '') < 5_000, 'the grace counts from the last event of the publisher')
  t.match(JSON.parse(stream.frames.at(-1)?.data ?? ''), { events: remarks + 2, counts: { publish_refused: remarks } })
  t.strictSame(seqs(stream), upTo(remarks + 2))
})

t.test('a paused reader whose history is trimmed gets one gap with the exact number, then the rest', async (t) => {
  const { log, url } = await start(t, { maxEvents: 50 })
  const [, , third] = await appendTo(log, 'trimmed', numberedLogs(10))
  await appendTo(log, 'trimmed', numberedLogs(90, 11))
  const stream = await openEventStream(url('trimmed'), { lastEventId: third ?? '' })
  await stream.waitFor(isSeq(100))
  const [open, gap] = stream.frames
  t.match(open, { event: 'stream_open', id: third })
  t.equal(gap?.event, 'stream_gap')
  t.match(JSON.parse(gap?.data ?? ''), { reason: 'expired', requested: third, lost: 47, resumed_after: gap?.id })
  t.strictSame(seqs(stream), upTo(100).slice(50))
  stream.destroy()
})

t.test('filtered followers get only what they asked for, and their cursor moves on', async (t) => {
  const { log, url } = await start(t, { heartbeatMs: 40 })
  const stream = await openEventStream(url('mixed', '?event_types=log&min_level=error'))
  await appendTo(log, 'mixed', [
    newEvent('log', { level: 'error', message: 'a' }), newEvent('log', { level: 'info', message: 'b' }), newEvent('metric', { value: 1 })
  ])
  const moved = await stream.waitFor(({ event }) => event === 'stream_position')
  t.match(moved.id, /-3$/)
  t.strictSame(JSON.parse(moved.data), { position: moved.id })
  t.strictSame(seqs(stream), [1])
  const resumed = await openEventStream(url('mixed', '?event_types=log&min_level=error'), { lastEventId: moved.id ?? '' })
  await appendTo(log, 'mixed', [newEvent('log', { level: 'critical', message: 'c' })])
  await resumed.waitFor(isSeq(4))
  t.strictSame(seqs(resumed), [4])
  for (const [types, seen] of [['status_change', []], ['metric', [3]]] as const) {
    const late = await openEventStream(url('mixed', `?event_types=${types}`))
    t.match((await late.waitFor(({ event }) => event === 'stream_position')).id, /-4$/, 'beyond history that did not pass, too')
    t.strictSame(seqs(late), seen)
    late.destroy()
  }
  stream.destroy()
  resumed.destroy()
})

t.test('an idle stream gets comments, and an old one is closed with a time to come back', async (t) => {
  const { log, url } = await start(t, { heartbeatMs: 30, maxAgeMs: 3_000 })
  const [only] = await appendTo(log, 'idle', numberedLogs(1))
  const stream = await openEventStream(url('idle'))
  await waitUntil('a comment came', () => stream.comments.length > 0)
  await stream.ended
  t.match(stream.frames.at(-1), { event: 'stream_close', id: only, data: '{"reason":"max_age"}' })
  t.match(stream.text(), /retry: \d+\nid: [\d-]+\nevent: stream_close\n/)
})

t.test('a reader that stops reading falls back to the log, costs bounded memory and gets everything', async (t) => {
  const { log, url, seen, topics } = await start(t)
  const slow = await openEventStream(url('heavy'))
  const quick = await openEventStream(url('heavy'))
  slow.pause()
  const big = 'x'.repeat(20_000)
  const total = 1_000
  for (let batch = 0; batch < 50; batch++) {
    await appendTo(log, 'heavy', Array.from({ length: total / 50 }, () => newEvent('log', { message: big })))
  }
  await quick.waitFor(isSeq(total))
  t.ok(seen.fellBack >= 1, 'the paused reader left the lane')
  slow.resume()
  await slow.waitFor(isSeq(total))
  t.strictSame(seqs(slow), upTo(total))
  t.strictSame(seqs(quick), upTo(total))
  slow.destroy()
  quick.destroy()
  await waitUntil('everything is released', () => topics.streams === 0)
})

t.test('a hundred followers of one run take one write each per turn, and a run is read once for all', async (t) => {
  const { log, url, topics } = await start(t)
  await appendTo(log, 'shared', numberedLogs(300))
  let reads = 0
  const readPage = log.readPage.bind(log)
  log.readPage = (request) => {
    reads++
    return readPage(request)
  }
  const first = await openEventStream(url('shared'))
  await first.waitFor(isSeq(300))
  const readsOfOne = reads
  const streams = await Promise.all(Array.from({ length: 100 }, () => openEventStream(url('shared'), { lastEventId: eventsOf(first)[99]?.id ?? '' })))
  await Promise.all(streams.map((stream) => stream.waitFor(isSeq(300))))
  t.equal(reads, readsOfOne, 'followers that resume within memory need no read')
  t.equal(topics.size, 1)
  for (const stream of streams) t.strictSame(seqs(stream), upTo(300).slice(100))
  for (const stream of [first, ...streams]) stream.destroy()
})

t.test('a shutdown tells every stream and waits until all are gone', async (t) => {
  const { log, url, topics } = await start(t)
  await appendTo(log, 'open', numberedLogs(1))
  const streams = await Promise.all(Array.from({ length: 20 }, () => openEventStream(url('open'))))
  await Promise.all(streams.map((stream) => stream.waitFor(isSeq(1))))
  await topics.drain(200)
  t.equal(topics.streams, 0)
  for (const stream of streams) {
    await stream.ended
    t.match(stream.frames.at(-1), { event: 'stream_close', data: '{"reason":"shutdown"}', id: /-1$/ })
  }
})
