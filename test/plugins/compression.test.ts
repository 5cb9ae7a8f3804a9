import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { MAX_BODY_BYTES } from '@runcast/protocol'
import t from 'tap'
import { openEventStream } from '../helpers/http/event-stream.ts'
import { rawRequest } from '../helpers/http/raw-request.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'

const EVENTS = JSON.stringify([{ payload: 'é' }, { payload: 2 }])

async function post (app: App, body: Buffer, coding: string, headers: Record<string, string> = {}) {
  const response = await app.call('/api/v1/workflow-runs/packed/events', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': coding, ...headers }, body })
  return { status: response.status, body: await response.json() as { code?: string, ids?: string[] } }
}

t.test('a body may be compressed', async (t) => {
  const app = await buildApp(t)
  const text = Buffer.from(EVENTS)
  const packed: Array<[coding: string, body: Buffer]> = [
    ['gzip', gzipSync(text)], ['x-gzip', gzipSync(text)], ['GZIP', gzipSync(text)], ['deflate', deflateSync(text)], ['br', brotliCompressSync(text)], ['identity', text],
    ['gzip', Buffer.concat([gzipSync(text.subarray(0, 9)), gzipSync(text.subarray(9))])]
  ]
  for (const [coding, body] of packed) {
    const answer = await post(app, body, coding)
    t.match(answer, { status: 201 }, coding)
    t.equal(answer.body.ids?.length, 2)
  }
  t.equal((await post(app, gzipSync('{"payload":1}\n{"payload":2}\n'), 'gzip', { 'content-type': 'application/x-ndjson' })).status, 201)
  const page = await app.call('/api/v1/workflow-runs/packed/events')
  t.match(await page.json(), { events: [{ payload: 'é' }, { payload: 2 }] })
})

t.test('a body that can not be decoded is refused, and nothing of it is stored', async (t) => {
  const app = await buildApp(t)
  const good = gzipSync(EVENTS)
  for (const [coding, body] of [['gzip', good.subarray(0, -6)], ['gzip', Buffer.from(EVENTS)], ['br', Buffer.from(EVENTS)], ['deflate', good], ['gzip', Buffer.concat([good.subarray(0, -8), Buffer.alloc(8)])]] as const) {
    t.match(await post(app, body, coding), { status: 400, body: { code: 'invalid_content_encoding' } }, coding)
  }
  for (const coding of ['zstd', 'gzip, gzip', 'compress', '']) t.match(await post(app, good, coding), { status: 415, body: { code: 'unsupported_media_type' } }, coding)
  t.equal((await app.call('/api/v1/workflow-runs/packed')).status, 404)
})

t.test('what a body unpacks to is bounded, and no more of it is unpacked', async (t) => {
  const app = await buildApp(t)
  const bomb = gzipSync(Buffer.alloc(512 * 1_048_576, ' '))
  t.ok(bomb.length < MAX_BODY_BYTES)
  const before = process.cpuUsage()
  const peak = process.memoryUsage().rss
  t.match(await post(app, bomb, 'gzip'), { status: 413, body: { code: 'body_too_large' } })
  t.ok(process.memoryUsage().rss - peak < 128 * 1_048_576)
  t.ok(process.cpuUsage(before).user > 0)
  t.equal((await post(app, gzipSync(EVENTS), 'gzip')).status, 201, 'the service goes on')
})

t.test('lines leave compressed where that is asked for, and streams never do', async (t) => {
  const app = await buildApp(t)
  await app.publish('r', Array.from({ length: 1_000 }, (_, n) => ({ event_type: 'log', payload: { message: `line ${n}` } })))
  await app.publish('r', Array.from({ length: 1_000 }, (_, n) => ({ event_type: 'log', payload: { message: `line ${n}` } })))
  for (const [path, accept] of [['events', 'application/x-ndjson'], ['log', '*/*'], ['events?before=9999999999999-9999', 'application/x-ndjson']] as const) {
    const headers = { authorization: `Bearer ${tokenFor()}`, accept }
    const plain = await rawRequest(app.url, `/api/v1/workflow-runs/r/${path}`, { headers })
    t.notOk('content-encoding' in plain.headers)
    for (const asked of ['gzip', 'br, gzip;q=0.5', '*']) {
      const response = await app.app.inject({ url: `/api/v1/workflow-runs/r/${path}`, headers: { ...headers, host: new URL(app.url).host, 'accept-encoding': asked } })
      t.match(response.headers, { 'content-encoding': 'gzip', vary: /\bAccept-Encoding\b/ })
      t.equal(gunzipSync(response.rawPayload).toString(), plain.body)
    }
    const refused = await rawRequest(app.url, `/api/v1/workflow-runs/r/${path}`, { headers: { ...headers, 'accept-encoding': 'gzip;q=0' } })
    t.equal(refused.body, plain.body)
  }
  const stream = await openEventStream(`${app.url}/api/v1/workflow-runs/r/stream`, { token: tokenFor(), headers: { 'accept-encoding': 'gzip' } })
  await stream.waitFor(({ event }) => event === 'stream_open')
  t.notOk('content-encoding' in stream.headers)
  stream.destroy()
})
