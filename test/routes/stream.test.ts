import { connect } from 'node:net'
import t from 'tap'
import { eventsOf, openEventStream, type OpenOptions } from '../helpers/http/event-stream.ts'
import { log, open, reader, status, streamUrl } from '../helpers/http/run-stream.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

t.test('a stream has the head that browsers and proxies need, retry first and stream_open next', async (t) => {
  const app = await buildApp(t, { STREAM_RETRY_MS: '1234' })
  const [first] = await app.publish('head', [log('one')])
  const stream = await open(app, 'head')
  await stream.waitFor(({ event }) => event === 'log')
  t.equal(stream.status, 200)
  t.match(stream.headers, {
    'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no'
  })
  t.ok(stream.text().startsWith('retry: 1234\nid: 0-0\nevent: stream_open\ndata: {"run_id":"head","mode":"fresh","position":"0-0","status":null}\n\n'))
  t.ok(stream.text().includes(`id: ${first}\nevent: log\ndata: {"level":"info","message":"one"}\n\n`))
  stream.destroy()
})

t.test('the payload arrives as the publisher wrote it', async (t) => {
  const app = await buildApp(t)
  const payload = '{"big":1152921504606846976,"twice":1,"twice":2,"text":"é\\u00e9\\ud800 \\r\\n","deep":[[1.0,-0.0e5]]}'
  const response = await fetch(`${app.url}/api/v1/workflow-runs/exact/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${reader}`, 'content-type': 'application/json' },
    body: `{ "event_type" : "x.y", "payload" :\n ${payload.replaceAll(',"', ' ,\r\n\t"')} }`
  })
  t.equal(response.status, 201)
  const stream = await open(app, 'exact')
  t.equal((await stream.waitFor(({ event }) => event === 'x.y')).data, payload)
  stream.destroy()
})

t.test('a cursor comes by header or query, the header first, and beats the other choices', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('resume', [log('1'), log('2'), log('3'), log('4')])
  const seqsWith = async (options: OpenOptions & { query?: string }) => {
    const stream = await open(app, 'resume', options)
    await stream.waitFor(({ id }) => id === ids[3])
    stream.destroy()
    return eventsOf(stream).map(({ data }) => JSON.parse(data).message).join('')
  }
  t.equal(await seqsWith({ lastEventId: ids[1] ?? '' }), '34')
  t.equal(await seqsWith({ query: `?last_event_id=${ids[2]}` }), '4')
  t.equal(await seqsWith({ query: `?lastEventId=${ids[2]}` }), '4')
  t.equal(await seqsWith({ lastEventId: ids[0] ?? '', query: `?last_event_id=${ids[2]}` }), '234')
  t.equal(await seqsWith({ lastEventId: ids[0] ?? '', query: '?from=now' }), '234')
  t.equal(await seqsWith({ query: '?tail=2' }), '34')
  t.equal(await seqsWith({ query: '?since=2020-01-01T00:00:00Z' }), '1234')
  t.equal(await seqsWith({ lastEventId: '0-0' }), '1234')
})

t.test('from=now and since= a later time bring only later events', async (t) => {
  const app = await buildApp(t)
  let [, last] = await app.publish('now', [log('1'), log('2')])
  for (const query of ['?from=now', '?tail=0', `?since=${new Date(Date.now() + 60_000).toISOString()}`]) {
    const stream = await open(app, 'now', { query })
    t.match(await stream.waitFor(({ event }) => event === 'stream_open'), { id: last });
    [last] = await app.publish('now', [log(query)])
    await stream.waitFor((frame) => frame.id === last)
    t.equal(eventsOf(stream).length, 1, query)
    stream.destroy()
  }
})

t.test('tail= brings the newest events at the time of the request, also after others asked for them', async (t) => {
  const app = await buildApp(t)
  const lines = Array.from({ length: 900 }, (_, index) => log(String(index)))
  await app.publish('tail', lines)
  const count = async () => {
    const stream = await open(app, 'tail', { query: '?tail=700' })
    const last = (await (await app.call('/api/v1/workflow-runs/tail')).json() as { last_event_id: string }).last_event_id
    await stream.waitFor(({ id }) => id === last)
    return eventsOf(stream).length
  }
  t.equal(await count(), 700)
  await app.publish('tail', lines.slice(0, 100))
  t.equal(await count(), 700)
})

t.test('a malformed cursor in the header is told in the stream, in the query it is refused', async (t) => {
  const app = await buildApp(t)
  await app.publish('garbage', [log('1'), log('2')])
  for (const lastEventId of ['abc', '1-1, 2-2', '-1-0', '99999999999999999999-0', 'x'.repeat(10_000), '1-1\u00e9', '01-1']) {
    const stream = await open(app, 'garbage', { lastEventId })
    await stream.waitFor(({ id }) => id?.endsWith('-2') === true)
    t.match(stream.frames[0], { event: 'stream_open', id: '0-0' })
    t.match(JSON.parse(stream.frames[1]?.data ?? ''), { reason: 'unknown_id', resumed_after: '0-0', lost: null })
    t.equal(eventsOf(stream).length, 2)
    stream.destroy()
  }
  for (const query of ['?last_event_id=abc', '?last_event_id=', '?lastEventId=9999999999999999-1', '?tail=-1', '?tail=x', '?since=yesterday', '?event_types=', '?event_types=a,stream_x', '?min_level=loud', '?from=then']) {
    const refused = await fetch(streamUrl(app, 'garbage', query), { headers: { authorization: `Bearer ${reader}` } })
    t.equal(refused.status, 400, query)
    t.match(refused.headers.get('content-type'), 'application/problem+json')
  }
})

t.test('a cursor that the log contradicts is told so, then gets everything retained', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('forked', [log('1'), log('2'), log('3')])
  const ms = Number(ids[0]?.split('-')[0])
  for (const lastEventId of [`${ms}-9`, `${ms - 1}-2`, `${ms + 5}-2`]) {
    const stream = await open(app, 'forked', { lastEventId })
    await stream.waitFor(({ id }) => id === ids[2])
    t.match(stream.frames[0], { event: 'stream_open', id: lastEventId })
    t.match(JSON.parse(stream.frames[0]?.data ?? ''), { mode: 'partial', position: lastEventId })
    t.match(stream.frames[1], { event: 'stream_gap', id: '0-0' })
    t.match(JSON.parse(stream.frames[1]?.data ?? ''), { reason: 'forked', requested: lastEventId, resumed_after: '0-0', lost: null })
    t.equal(eventsOf(stream).length, 3)
    stream.destroy()
  }
})

t.test('a cursor of a run that nobody knows: young means lost, old means over', async (t) => {
  const app = await buildApp(t)
  const young = await open(app, 'gone', { lastEventId: `${Date.now()}-7` })
  t.match(JSON.parse((await young.waitFor(({ event }) => event === 'stream_gap')).data), { reason: 'forked', resumed_after: '0-0' })
  const [id] = await app.publish('gone', [log('new')])
  await young.waitFor((frame) => frame.id === id)
  young.destroy()

  const old = await open(app, 'long-gone', { lastEventId: '1000000000000-7' })
  await old.ended
  t.strictSame(old.frames.map(({ event }) => event), ['stream_open', 'stream_gap', 'stream_end'])
  const [, gap, end] = old.frames
  t.match(JSON.parse(gap?.data ?? ''), { reason: 'expired', lost: null })
  t.match(JSON.parse(end?.data ?? ''), { status: null })
  t.match(end?.id, /^\d+-0$/)
  t.equal(gap?.id, end?.id)
  t.equal((await open(app, 'long-gone', { lastEventId: end?.id ?? '' })).status, 204)
})

t.test('a finished run ends its streams and answers 204 to a cursor at its end', async (t) => {
  const app = await buildApp(t, { END_GRACE_MS: '150' })
  const ids = await app.publish('done', [status('running'), log('1')])
  const live = await open(app, 'done')
  await live.waitFor(({ id }) => id === ids[1])
  const [end] = await app.publish('done', [status('SUCCEEDED')])
  await live.ended
  t.match(live.frames.at(-1), { event: 'stream_end', id: end })
  t.match(JSON.parse(live.frames.at(-1)?.data ?? ''), { status: 'succeeded', last_event_id: end, events: 3, counts: { status_change: 2, log: 1 } })
  t.equal((await open(app, 'done', { lastEventId: end ?? '' })).status, 204)
  const rest = await open(app, 'done', { lastEventId: ids[0] ?? '' })
  await rest.ended
  t.strictSame(rest.frames.map(({ event }) => event), ['stream_open', 'log', 'status_change', 'stream_end'])
})

t.test('a status_change of a step does not end the run, and a finished run is not reopened', async (t) => {
  const app = await buildApp(t, { END_GRACE_MS: '50' })
  await app.publish('steps', [{ event_type: 'status_change', payload: { status: 'failed', step: 'build' } }, status('failed'), status('running')])
  const stream = await open(app, 'steps')
  await stream.ended
  t.match(JSON.parse(stream.frames.at(-1)?.data ?? ''), { status: 'failed', events: 3 })
})

t.test('a client that may not follow is refused before a byte of the stream', async (t) => {
  const app = await buildApp(t)
  await app.publish('secret', [log('1')], { tenant: 'a' })
  const statusOf = async (token: string | undefined, runId = 'secret', headers = {}) =>
    (await openEventStream(streamUrl(app, runId), { ...(token === undefined ? {} : { token }), headers })).status
  t.equal(await statusOf(undefined), 401)
  t.equal(await statusOf('garbage'), 401)
  t.equal(await statusOf(tokenFor({ sub: 'x', scope: 'runs:write' })), 403)
  t.equal(await statusOf(tokenFor({ sub: 'x', scope: 'runs:read', run_ids: ['other-*'] })), 403)
  t.equal(await statusOf(tokenFor({ sub: 'x', scope: 'runs:read', tenant: 'b' })), 404)
  t.equal(await statusOf(reader), 404)
  t.equal(await statusOf(tokenFor({ sub: 'x', scope: 'runs:read', tenant: 'a' }), 'secret', { accept: 'application/json' }), 406)
  t.equal((await fetch(streamUrl(app, 'secret'), { method: 'HEAD', headers: { authorization: `Bearer ${reader}` } })).status, 404)
  t.equal((await fetch(streamUrl(app, 'secret'), { method: 'POST', headers: { authorization: `Bearer ${reader}` } })).status, 404)
  t.equal(await statusOf(reader, 'bad%20id'), 400)
  t.equal(await statusOf(reader, 'x'.repeat(201)), 400)
})

t.test('with UNKNOWN_RUN=404 only a client with a cursor may wait for a run', async (t) => {
  const app = await buildApp(t, { UNKNOWN_RUN: '404' })
  t.equal((await open(app, 'nothing')).status, 404)
  const waiting = await open(app, 'nothing', { lastEventId: '0-0' })
  t.match(JSON.parse((await waiting.waitFor(({ event }) => event === 'stream_open')).data), { mode: 'waiting', position: '0-0' })
  waiting.destroy()
})

t.test('a stream over the limit is told so in the stream, and a place that is given back can be taken', async (t) => {
  const app = await buildApp(t, { MAX_STREAMS_PER_SUBJECT: '1' })
  const first = await open(app, 'limited')
  const second = await open(app, 'limited')
  await second.ended
  t.equal(second.status, 200)
  t.match(second.text(), /^retry: 2000\nretry: \d{5}\nevent: stream_close\ndata: \{"reason":"limit"\}\n\n$/)
  t.equal((await open(app, 'limited', { token: tokenFor({ sub: 'other', scope: 'runs:read' }) })).status, 200)
  first.destroy()
  await waitUntil('the place is free', () => app.app.topics.streams === 1)
  const third = await open(app, 'limited')
  await third.waitFor(({ event }) => event === 'stream_open')
  third.destroy()
})

t.test('within the grace a cursor at the end of a finished run is followed on', async (t) => {
  const app = await buildApp(t, { END_GRACE_MS: '4000' })
  const openAtTheEnd = async (runId: string) => {
    const [end = ''] = await app.publish(runId, [status('succeeded')])
    return { end, stream: await open(app, runId, { lastEventId: end }) }
  }
  let { end, stream } = await openAtTheEnd('done-1')
  // A busy machine may need longer than the grace.
  for (let run = 2; stream.status === 204; run++) ({ end, stream } = await openAtTheEnd(`done-${run}`))
  await stream.ended
  t.strictSame(stream.frames.map(({ event, id }) => [event, id]), [['stream_open', end], ['stream_end', end]])
})

t.test('a stream is closed when its token expires', async (t) => {
  const app = await buildApp(t)
  const openShort = (seconds: number) => open(app, 'short', { token: tokenFor({ sub: 'x', scope: 'runs:read', exp: Math.floor(Date.now() / 1000) + seconds }) })
  let stream = await openShort(2)
  // A busy machine may need longer than that.
  for (let seconds = 4; stream.status === 401; seconds *= 2) stream = await openShort(seconds)
  await stream.ended
  t.match(stream.frames.at(-1), { event: 'stream_close', data: '{"reason":"token_expired"}' })
})

t.test('a gateway that speaks HTTP/1.0 gets the same stream without chunks', async (t) => {
  const app = await buildApp(t)
  await app.publish('old-gateway', [log('history')])
  const { hostname, port, pathname } = new URL(streamUrl(app, 'old-gateway'))
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk) => { received += chunk })
  socket.write(`GET ${pathname} HTTP/1.0\r\nAuthorization: Bearer ${reader}\r\n\r\n`)
  await waitUntil('history came', () => received.includes('"history"'))
  await app.publish('old-gateway', [log('live'), status('succeeded')])
  await new Promise((resolve) => socket.once('close', resolve))
  const body = received.slice(received.indexOf('\r\n\r\n') + 4)
  t.match(body, /^retry: 2000\nid: 0-0\nevent: stream_open\n/)
  t.match(body, /"live"\}\n\nid: \d+-3\nevent: status_change\n[^\n]+\n\nid: \d+-3\nevent: stream_end\n[^\n]+\n\n$/)
})

t.test('clients that leave in any way leave nothing behind', async (t) => {
  const app = await buildApp(t)
  const { host, hostname, port, pathname } = new URL(streamUrl(app, 'leaving'))
  const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${reader}\r\n\r\n`
  const leave = [
    (socket: ReturnType<typeof connect>) => socket.end(),
    (socket: ReturnType<typeof connect>) => socket.destroy(),
    (socket: ReturnType<typeof connect>) => socket.resetAndDestroy()
  ]
  for (const how of leave) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write(head)
    await new Promise((resolve) => socket.once('data', resolve))
    t.equal(app.app.topics.streams, 1)
    how(socket)
    await waitUntil('the stream is gone', () => app.app.topics.streams === 0 && app.app.topics.size === 0)
    socket.destroy()
  }
})

t.test('one line is logged when a stream opens and one when it ends, without a secret', async (t) => {
  const app = await buildApp(t)
  await app.publish('logged', [log('1'), log('2')])
  const stream = await open(app, 'logged')
  await stream.waitFor(({ id }) => id?.endsWith('-2') === true)
  stream.destroy()
  await waitUntil('the end is logged', () => app.log().includes('stream ended'))
  const lines = app.log().trim().split('\n').map((line) => JSON.parse(line)).filter(({ msg }) => /^stream /.test(msg))
  t.match(lines, [
    { msg: 'stream opened', run_id: 'logged', subject: 'reader', mode: 'fresh', position: '0-0' },
    { msg: 'stream ended', run_id: 'logged', events: 2, reason: 'client', duration_ms: Number, bytes: Number }
  ])
  t.notMatch(app.log(), reader)
})

t.test('a graceful stop tells open streams and is quick', async (t) => {
  const app = await buildApp(t)
  const [id] = await app.publish('stopping', [log('1')])
  const stream = await open(app, 'stopping')
  await stream.waitFor((frame) => frame.id === id)
  await app.close()
  await stream.ended
  t.match(stream.frames.at(-1), { event: 'stream_close', id, data: '{"reason":"shutdown"}' })
  const retry = Number(/retry: (\d+)\nid: [^\n]*\nevent: stream_close/.exec(stream.text())?.[1])
  t.ok(retry >= 500 && retry <= 3_000)
})
