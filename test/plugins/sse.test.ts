import { connect } from 'node:net'
import t from 'tap'
import { buildApp, tokenFor, type App } from '../helpers/app.ts'
import { openEventStream } from '../helpers/event-stream.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const reader = tokenFor({ sub: 'reader', scope: 'runs:read' })

/** Sends requests on one connection without waiting for an answer; resolves when the service has ended it. */
async function pipeline (app: App, paths: readonly string[]): Promise<void> {
  const { host, hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.resume()
  socket.write(paths.map((path) => `GET /api/v1/${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${reader}\r\n\r\n`).join(''))
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

async function nothingIsLeft ({ app: { topics, feeds, streamLimits } }: App): Promise<void> {
  await waitUntil('nothing is left', () => topics.streams === 0 && topics.size === 0 && feeds.streams === 0 && streamLimits.open === 0)
}

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

t.test('a request that is none, on the socket of an open stream, ends the socket and writes nothing into the stream', async (t) => {
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
