import { type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import Fastify from 'fastify'
import { FastifySSEPlugin } from 'fastify-sse-v2'
import t from 'tap'
import { openEventStream } from '../helpers/http/event-stream.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const reader = tokenFor({ sub: 'reader', scope: 'runs:read' })

/** Sends requests on one connection without waiting for answers. Resolves when the service has ended the connection. */
async function pipeline (app: App, paths: readonly string[]): Promise<void> {
  const { host, hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.resume()
  socket.write(paths.map((path) => `GET /api/v1/${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${reader}\r\n\r\n`).join(''))
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

/** The names of the functions that wait for the end of a response. */
function waitersOf (response: ServerResponse): string[] {
  return ['finish', 'error'].flatMap((event) => response.listeners(event).map(({ name }) => name))
}

async function nothingIsLeft ({ app: { topics, feeds, streamLimits } }: App): Promise<void> {
  await waitUntil('nothing is left', () => topics.streams === 0 && topics.size === 0 && feeds.streams === 0 && streamLimits.open === 0)
}

t.test('Fastify still names its listener onResFinished', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  let waiters: string[] = []
  // As the request log of the service does, this makes Fastify wait for the end of every response.
  app.addHook('onResponse', async () => {})
  app.get('/', async (_request, reply) => {
    waiters = waitersOf(reply.raw)
    return ''
  })
  await app.inject('/')
  t.equal(waiters.filter((name) => name === 'onResFinished').length, 2, 'at finish and error')
})

t.test('an open stream keeps no listener of Fastify', async (t) => {
  const { app, url } = await buildApp(t)
  const responses: ServerResponse[] = []
  app.server.on('request', (_request, response) => responses.push(response))
  const stream = await openEventStream(`${url}/api/v1/workflow-runs/open/stream`, { token: reader })
  await stream.waitFor(({ event }) => event === 'stream_open')
  t.notOk(responses.flatMap(waitersOf).includes('onResFinished'))
  t.equal(responses.length, 1)
  stream.destroy()
})

t.test('fastify-sse-v2 still pipes as assumed: one source, at once, and nothing is written when it is taken off', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(FastifySSEPlugin, { retryDelay: false })
  const sources: Readable[] = []
  let isHeadSent = false
  app.get('/', (_request, reply) => {
    reply.raw.on('pipe', (source: Readable) => {
      sources.push(source)
      source.unpipe(reply.raw)
      source.destroy()
    })
    reply.sse({ comment: 'open' })
    isHeadSent = reply.raw.headersSent
    reply.raw.end('retry: 1\n\n')
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(app.listeningOrigin)
  t.equal(await response.text(), 'retry: 1\n\n')
  t.equal(sources.length, 1)
  t.ok(isHeadSent)
  t.match(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
})

t.test('a thousand requests for streams pipelined on one socket leave nothing behind', async (t) => {
  const app = await buildApp(t)
  await pipeline(app, Array(1_000).fill('workflow-runs/pipelined/stream'))
  await nothingIsLeft(app)
  const next = await openEventStream(`${app.url}/api/v1/workflow-runs/pipelined/stream`, { token: reader })
  t.equal(next.status, 200, 'the service goes on')
  next.destroy()
})

t.test('a stream that would have to wait for another answer on its socket ends the socket and leaves nothing behind', async (t) => {
  const app = await buildApp(t)
  for (const path of ['workflow-runs/pipelined/stream', 'run-updates/stream']) {
    await pipeline(app, [...Array(20).fill('workflow-runs'), path])
    await nothingIsLeft(app)
  }
})

t.test('a malformed request on the socket of an open stream ends the socket and writes nothing into the stream', async (t) => {
  const app = await buildApp(t)
  const { host, hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => { received += bytes.toString() })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(`GET /api/v1/workflow-runs/open/stream HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${reader}\r\n\r\n`)
  await waitUntil('the stream is open', () => received.includes('stream_open'))
  socket.write('NONSENSE\r\n\r\n')
  await closed
  t.equal(received.match(/HTTP\/1\.1/g)?.length, 1)
  await nothingIsLeft(app)
})
