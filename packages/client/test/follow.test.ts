import { follow, type FollowOptions, type StreamItem } from '@runcast/client'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import { frame, gatewayPage, problem, startStandIn, streamText, type StandInService, type StoredEvent } from './support/stand-in-service.ts'
import { waitUntil } from './support/wait-until.ts'

const RUN = 'run-1'

/** Appends a run of `count` logs that succeeds. */
function finishedRun (service: StandInService, count: number): StoredEvent[] {
  for (let n = 1; n <= count; n++) service.append(RUN, 'log', { message: `Zeile ${n} äöü 🎉` })
  service.append(RUN, 'status_change', { status: 'succeeded' })
  return service.events(RUN)
}

function followed (service: StandInService, options: Partial<FollowOptions> = {}) {
  return follow({ url: service.url, runId: RUN, ...options })
}

async function collect (items: AsyncIterable<StreamItem>): Promise<StreamItem[]> {
  const all: StreamItem[] = []
  for await (const item of items) all.push(item)
  return all
}

const eventIds = (items: StreamItem[]) => items.filter((item) => item.kind === 'event').map((item) => item.id)
const kinds = (items: StreamItem[]) => items.map((item) => item.kind)
const cursors = (service: StandInService) => service.requests.map((request) => request.headers['last-event-id'])
const openFrame = (position: string) => `retry: 1\n\nid: ${position}\nevent: stream_open\ndata: {"run_id":"${RUN}","mode":"resumed","position":"${position}","status":null}\n\n`

/** Prepares an endless stream, and resolves with its response once it is open. */
function heldStream (service: StandInService): Promise<ServerResponse> {
  return new Promise((resolve) => service.next.stream.push((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(openFrame('0-0'), () => resolve(response))
  }))
}

test('a finished run is given whole: stream_open, each event parsed and as text, stream_end', async (t) => {
  const service = await startStandIn(t)
  service.append(RUN, 'number', 1)
  service.append(RUN, 'status_change', { status: 'succeeded' })
  const items = await collect(followed(service, { token: 'secret' }))
  t.match(items, [
    { kind: 'stream_open', id: '0-0', data: { run_id: RUN, position: '0-0' } },
    { kind: 'event', id: /-1$/, type: 'number', data: 1, raw: '1' },
    { kind: 'event', id: /-2$/, type: 'status_change', data: { status: 'succeeded' } },
    { kind: 'stream_end', id: /-2$/, data: { status: 'succeeded', events: 2 } }
  ])
  t.equal(items.length, 4)
  t.equal(service.requests[0]?.headers.authorization, 'Bearer secret')
  t.equal(service.requests[0]?.headers.accept, 'text/event-stream')
})

test('after a broken connection it resumes with the id of the last item, and gives each event once', async (t) => {
  const service = await startStandIn(t)
  const items: StreamItem[] = []
  for await (const item of followed(service)) {
    items.push(item)
    if (item.kind === 'stream_open' && service.events(RUN).length === 0) service.append(RUN, 'n', 1)
    if (item.kind === 'event' && item.data === 1) service.breakConnections()
    if (item.kind === 'reconnecting') finishedRun(service, 3)
  }
  t.same(eventIds(items), service.events(RUN).map((event) => event.id))
  t.same(cursors(service), [undefined, service.events(RUN)[0]?.id])
  t.match(items.find((item) => item.kind === 'reconnecting'), { attempt: 1, error: { code: 'unreachable' } })
})

test('a connection lost before the first event resumes at the position of stream_open', async (t) => {
  const service = await startStandIn(t)
  finishedRun(service, 1)
  service.next.stream.push(streamText(openFrame('1764000000001-1'), 'break'))
  t.same(eventIds(await collect(followed(service, { from: 'now' }))), [service.events(RUN)[1]?.id])
  t.same(cursors(service), [undefined, '1764000000001-1'])
})

for (const end of ['end', 'break'] as const) {
  test(`a stream cut at any byte (${end}) loses and doubles nothing`, async (t) => {
    const whole = Buffer.from(`${openFrame('0-0')}${frame({ id: '1764000000001-1', type: 'log', data: '{"message":"Zeile 1 äöü 🎉"}' })}: ping\n\n${frame({ id: '1764000000002-2', type: 'log', data: '{"message":"Zeile 2 äöü 🎉"}' })}`)
    const outcomes = await Promise.all(Array.from({ length: whole.length + 1 }, async (_, cut) => {
      const service = await startStandIn(t)
      const events = finishedRun(service, 2)
      service.next.stream.push(streamText(whole.subarray(0, cut), end))
      const items = await collect(followed(service))
      const right = JSON.stringify(eventIds(items)) === JSON.stringify(events.map((event) => event.id))
      return right && items.at(-1)?.kind === 'stream_end' ? 'right' : `cut at ${cut}: ${eventIds(items).join(' ')}`
    }))
    t.same([...new Set(outcomes)], ['right'])
  })
}

test('a stream that comes byte by byte is read the same', async (t) => {
  const service = await startStandIn(t)
  const [first] = finishedRun(service, 1)
  service.next.stream.push(async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.socket?.setNoDelay(true)
    for (const byte of Buffer.from(first === undefined ? '' : frame(first))) {
      if (!response.write(Buffer.of(byte))) await once(response, 'drain')
      await new Promise(setImmediate)
    }
    response.end()
  })
  const [event] = await collect(followed(service))
  t.match(event, { kind: 'event', data: { message: 'Zeile 1 äöü 🎉' } })
})

test('an event that comes again is not given again', async (t) => {
  const service = await startStandIn(t)
  const events = finishedRun(service, 3)
  service.next.stream.push(streamText(events.slice(0, 2).map(frame).join('')))
  service.next.stream.push(streamText(events.map(frame).join('')))
  t.same(eventIds(await collect(followed(service))), events.map((event) => event.id))
})

test('after a gap it goes on from there, also with ids that were given before in another history', async (t) => {
  const service = await startStandIn(t)
  const gap = { reason: 'forked', requested: '1764000000005-5', resumed_after: '1764000000000-0', lost: null, history_url: '/x' }
  service.next.stream.push(streamText(`${openFrame('1764000000005-5')}id: 1764000000000-0\nevent: stream_gap\ndata: ${JSON.stringify(gap)}\n\n`, 'break'))
  const events = finishedRun(service, 2)
  const items = await collect(followed(service, { lastEventId: '1764000000005-5' }))
  t.match(items[1], { kind: 'stream_gap', id: '1764000000000-0', data: gap })
  t.same(eventIds(items), events.map((event) => event.id))
  t.same(cursors(service), ['1764000000005-5', '1764000000000-0'])
})

test('stream_position moves the cursor, and control frames of an unknown kind are skipped', async (t) => {
  const service = await startStandIn(t)
  const events = finishedRun(service, 3)
  const position = events[1]?.id
  service.next.stream.push(streamText(`id: ${position}\nevent: stream_position\ndata: {"position":"${position}"}\n\nevent: stream_news\ndata: {}\n\n`))
  const items = await collect(followed(service, { eventTypes: ['status_change', 'result_preview'], minLevel: 'warning' }))
  t.same(kinds(items).slice(0, 3), ['stream_position', 'reconnecting', 'stream_open'])
  t.equal(cursors(service)[1], position)
  t.equal(service.requests[1]?.query.toString(), 'event_types=status_change%2Cresult_preview&min_level=warning')
})

test('a stream that the service closes is reconnected after exactly the time it says', async (t) => {
  const service = await startStandIn(t)
  finishedRun(service, 1)
  service.next.stream.push(streamText('retry: 1\n\nevent: stream_close\nretry: 37\ndata: {"reason":"shutdown"}\n\n'))
  const items = await collect(followed(service))
  t.match(items.slice(0, 2), [{ kind: 'stream_close', data: { reason: 'shutdown' } }, { kind: 'reconnecting', delayMs: 37, error: null }])
  t.equal(items.at(-1)?.kind, 'stream_end')
})

test('a finished run without events after the cursor ends without an item', async (t) => {
  const service = await startStandIn(t)
  const last = finishedRun(service, 1).at(-1)
  t.same(await collect(followed(service, { lastEventId: last?.id ?? '' })), [])
})

test('the query tells the beginning', async (t) => {
  const service = await startStandIn(t)
  finishedRun(service, 1)
  const starts: [NonNullable<FollowOptions['from']>, string][] = [
    ['first', ''], ['now', 'from=now'], [{ tail: 5 }, 'tail=5'], [{ since: new Date(0) }, 'since=1970-01-01T00%3A00%3A00.000Z']
  ]
  for (const [from, query] of starts) {
    await collect(followed(service, { from }))
    t.equal(service.requests.at(-1)?.query.toString(), query)
  }
})

for (const status of [400, 403, 404, 406, 410]) {
  test(`${status} is final`, async (t) => {
    const service = await startStandIn(t)
    service.next.stream.push(problem(status, 'refused'))
    await t.rejects(collect(followed(service)), { name: 'RuncastError', status, code: 'refused' })
    t.equal(service.requests.length, 1)
  })
}

test('401 is final after one new token, and at once without a way to get one', async (t) => {
  const service = await startStandIn(t)
  let asked = 0
  const getToken = () => `token-${++asked}`
  finishedRun(service, 1)
  service.next.stream.push(problem(401, 'token_expired'))
  t.equal((await collect(followed(service, { getToken }))).at(-1)?.kind, 'stream_end')
  service.next.stream.push(problem(401, 'token_invalid'), problem(401, 'token_invalid'))
  await t.rejects(collect(followed(service, { getToken })), { status: 401, code: 'token_invalid' })
  service.next.stream.push(problem(401, 'token_missing'))
  await t.rejects(collect(followed(service, { token: 'x' })), { status: 401, code: 'token_missing' })
  t.same(service.requests.map((request) => request.headers.authorization), ['token-1', 'token-2', 'token-3', 'token-4', 'x'].map((token) => `Bearer ${token}`))
})

test('once the stream has worked, an answer of a gateway passes, whatever it is', async (t) => {
  const service = await startStandIn(t)
  const events = finishedRun(service, 2)
  service.next.stream.push(streamText(openFrame('0-0') + frame(events[0] ?? { id: '', type: '', data: '' }), 'break'))
  const pages = [404, 200, 403, 401, 410, 204].map(gatewayPage)
  for (const other of [...pages, streamText(': a gateway\n')]) service.next.stream.push(other, streamText('retry: 1\n\nevent: stream_close\nretry: 1\ndata: {}\n\n'))
  const items = await collect(followed(service))
  t.same(eventIds(items), events.map((event) => event.id))
  t.equal(items.at(-1)?.kind, 'stream_end')
  t.match(items.find((item) => item.kind === 'reconnecting' && item.error?.status === 404), { error: { code: 'unexpected_answer', message: 'The answer is not from Runcast: 404 text/html nginx.' } })
})

test('what can not be the name of a run is refused at once', async (t) => {
  const service = await startStandIn(t)
  await t.rejects(collect(follow({ url: service.url, runId: 'a/b' })), { code: 'invalid_run_id' })
})

test('a follower never gives up on transient answers, nor on a service that is away', async (t) => {
  const service = await startStandIn(t)
  finishedRun(service, 1)
  await service.stop()
  const items: StreamItem[] = []
  service.next.stream.push(...[408, 425, 429, 500, 502, 503, 504].map((status) => problem(status, 'later')))
  let failures = 0
  for await (const item of followed(service)) {
    items.push(item)
    if (item.kind === 'reconnecting' && ++failures === 1) await service.start()
    if (failures === 4) break
  }
  t.same(items.map((item) => item.kind === 'reconnecting' ? [item.attempt, item.error?.status] : item.kind), [[1, 0], [2, 408], [3, 425], [4, 429]])
})

test('the wait is as long as Retry-After at least', async (t) => {
  const service = await startStandIn(t)
  service.next.stream.push(problem(503, 'later', { 'retry-after': '7' }))
  const items = followed(service)
  t.match(await items.next(), { value: { kind: 'reconnecting', delayMs: 7000, error: { status: 503, retryAfterMs: 7000 } } })
  await items.return()
})

test('a connection without a sign of life is given up after three heartbeats', async (t) => {
  const service = await startStandIn(t)
  finishedRun(service, 1)
  service.next.stream.push(streamText(openFrame('0-0'), 'stay'), () => {})
  const items = await collect(followed(service, { heartbeatMs: 20 }))
  const codes = items.filter((item) => item.kind === 'reconnecting').map((item) => item.error?.code)
  t.ok(codes.length >= 2 && codes.every((code) => code === 'stalled'), codes.join())
  t.equal(items.at(-1)?.kind, 'stream_end')
})

test('heartbeats keep a connection, and a slow consumer does not break it', async (t) => {
  const service = await startStandIn(t)
  const held = heldStream(service)
  const items: StreamItem[] = []
  const beats = held.then(async (response) => {
    for (let beat = 0; beat < 10; beat++) {
      response.write(': ping\n\n')
      await delay(500)
    }
    response.end(`${frame({ id: '1764000000001-1', type: 'n', data: '1' })}id: 1764000000001-1\nevent: stream_end\ndata: {"status":null}\n\n`)
  })
  for await (const item of followed(service, { heartbeatMs: 1_500 })) {
    items.push(item)
    if (item.kind === 'stream_open') await delay(4_700)
  }
  await beats
  t.same(kinds(items), ['stream_open', 'event', 'stream_end'])
})

test('aborting the signal ends it quietly, whatever it waits for, and lets go of the connection', async (t) => {
  const service = await startStandIn(t)
  const waiting = new AbortController()
  const response = await Promise.all([heldStream(service), (async () => {
    const items: StreamItem[] = []
    const following = (async () => { for await (const item of followed(service, { signal: waiting.signal })) items.push(item) })()
    await waitUntil('the stream is open', () => items.length === 1)
    waiting.abort()
    await following
    t.same(kinds(items), ['stream_open'])
  })()])
  await waitUntil('the service sees it', () => response[0].destroyed)

  service.next.stream.push(problem(503, 'later', { 'retry-after': '3600' }))
  const pausing = new AbortController()
  const items: StreamItem[] = []
  for await (const item of followed(service, { signal: pausing.signal })) {
    items.push(item)
    setImmediate(() => pausing.abort())
  }
  t.same(kinds(items), ['reconnecting'])
  t.same(await collect(followed(service, { signal: AbortSignal.abort() })), [])
})

test('leaving the loop lets go of the connection', async (t) => {
  const service = await startStandIn(t)
  const held = heldStream(service)
  for await (const item of followed(service)) {
    if (item.kind === 'stream_open') break
  }
  const response = await held
  await waitUntil('the service sees it', () => response.destroyed)
})
