import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import { startTopicServer } from '../../helpers/http/topic-server.ts'
import { seededRandom, testSeed } from '../../helpers/random.ts'
import { appendTo, newEvent } from '../../helpers/run-log/publish.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const TOTAL = 3_000
const READERS = 12

/** One whole block of the event-stream grammar as this service writes it. */
const BLOCK = /^(?:: ping\n)*(?:retry: \d+\n)?(?:id: (?<id>\d+-\d+)\n)?event: (?<event>[\w.:-]+)\ndata: (?<data>[^\r\n]*)$/

interface Reader {
  readonly socket: Socket
  readonly received: Buffer[]
}

/** Takes the body out of a chunked response, as far as it has come. */
function bodyOf (response: Buffer): string {
  let rest = response.subarray(response.indexOf('\r\n\r\n') + 4)
  const chunks: Buffer[] = []
  for (;;) {
    const lineEnd = rest.indexOf('\r\n')
    if (lineEnd === -1) break
    const size = Number.parseInt(rest.subarray(0, lineEnd).toString('latin1'), 16)
    if (rest.length < lineEnd + 2 + size + 2) break
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size))
    rest = rest.subarray(lineEnd + 2 + size + 2)
  }
  return Buffer.concat(chunks).toString()
}

const seed = testSeed()

t.test(`followers moved between lane and catch-up at any moment miss, repeat and swap nothing (SEED=${seed})`, async (t) => {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({
    directory: t.testdir(),
    retention: { maxEvents: 1e6, maxBytes: 1e9, ttlSeconds: 3_600 },
    minFreeBytes: 0,
    publish: live.publish
  })
  await log.open()
  const { topics, seen, url } = await startTopicServer(t, log, live, { heartbeatMs: 25, lagBytes: 4_096 })
  t.teardown(() => log.close())

  const open = (index: number): Reader => {
    const { host, hostname, port, pathname } = new URL(url('fuzz'))
    const socket = connect(Number(port), hostname)
    const received: Buffer[] = []
    socket.write(`GET ${pathname}${index % 3 === 2 ? '?event_types=log' : ''} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    socket.on('data', (chunk) => received.push(chunk))
    t.teardown(() => socket.destroy())
    return { socket, received }
  }
  const readers = Array.from({ length: READERS }, (_, index) => open(index))
  await waitUntil('all are open', () => topics.streams === READERS)

  let published = 0
  const done = new AbortController()
  const publish = async () => {
    while (published < TOTAL) {
      const count = Math.min(1 + below(20), TOTAL - published)
      const events = Array.from({ length: count }, (_, index) => newEvent(below(4) === 0 ? 'metric' : 'log', {
        n: published + index + 1, text: 'x'.repeat(below(20) === 0 ? below(60_000) : below(3_000))
      }))
      published += count
      const appended = appendTo(log, 'fuzz', events)
      if (below(3) > 0) await appended
    }
  }
  const disturb = async () => {
    const topic = await topics.hold({ runId: 'fuzz', tenant: '', basePath: '' })
    while (!done.signal.aborted) {
      for (const member of topic.lane.members()) {
        if (below(3) > 0) continue
        topic.lane.remove(member)
        member.fallBack(topic.lane.position)
      }
      await (below(2) === 0 ? new Promise((resolve) => setImmediate(resolve)) : delay(below(8)))
    }
    topics.release(topic)
  }
  const stall = async ({ socket }: Reader) => {
    while (!done.signal.aborted) {
      await delay(below(120))
      socket.pause()
      await delay(below(below(4) === 0 ? 800 : 40))
      // Trickling: a little at a time.
      for (let sips = below(6); sips > 0; sips--) {
        socket.resume()
        await new Promise((resolve) => setImmediate(resolve))
        socket.pause()
      }
      socket.resume()
    }
  }
  const disturbing = [disturb(), ...readers.filter((_, index) => index % 2 === 1).map(stall)]
  await publish()
  const last = `{"n":${TOTAL},`
  await waitUntil('everyone has the last event or its position', () => readers.every(({ received }) => {
    const tail = Buffer.concat(received.slice(-40)).subarray(-200_000).toString('latin1')
    return tail.includes(last) || new RegExp(`^id: \\d+-${TOTAL}$`, 'm').test(tail)
  }), 40_000)
  done.abort()
  await Promise.all(disturbing)

  const stored = new Map<string, string>()
  for (let cursor = '0-0'; stored.size < TOTAL;) {
    const page = await log.readPage({ runId: 'fuzz', from: { at: 'cursor', cursor }, limit: 1_000 })
    for (const event of page.events) stored.set(event.id, `${event.type} ${event.data}`)
    cursor = page.events.at(-1)?.id ?? cursor
  }
  for (const [index, { received }] of readers.entries()) {
    const blocks = bodyOf(Buffer.concat(received)).split('\n\n')
    t.match(blocks.pop(), /^(?:: ping\n)*$/, 'the body ends with a whole block')
    const events: string[] = []
    let isWellFormed = true
    let isTrue = true
    for (const block of blocks) {
      const fields = BLOCK.exec(block)?.groups
      if (fields === undefined) isWellFormed = false
      else if (fields['event'] !== undefined && !fields['event'].startsWith('stream_')) {
        events.push(fields['id'] ?? '')
        isTrue &&= stored.get(fields['id'] ?? '') === `${fields['event']} ${fields['data']}`
      }
    }
    t.ok(isWellFormed, `reader ${index}: every block follows the grammar`)
    t.ok(isTrue, `reader ${index}: every event is the one in the log`)
    const wanted = [...stored].filter(([, event]) => index % 3 !== 2 || event.startsWith('log ')).map(([id]) => id)
    t.strictSame(events, wanted, `reader ${index}: all events, in order, once`)
  }
  t.match(seen, { gaps: [], failed: [] })
  t.ok(seen.fellBack > READERS, 'followers were moved')
})
