import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { follow, type StreamItem } from '@runcast/client'
import { EventSource } from 'eventsource'
import t, { type Test } from 'tap'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { portOf } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { streamOf } from './support/delivery.ts'
import { startPublisher } from './support/publisher.ts'
import { startReplica, type Replica } from './support/replica.ts'

t.jobs = 2

const EVENTS = 3

/** The number of places tried at once, since an EventSource that has not read `retry:` waits for 3 s. */
const LANES = 100

/** A service with the embedded log and a run of three events. */
async function setUp (t: Test): Promise<{ replica: Replica, ids: readonly string[] }> {
  const replica = await startReplica(t, { DATA_DIR: await temporaryDirectory(t), STREAM_RETRY_MS: '1' })
  const publisher = startPublisher(t, { urls: [replica.url], runId: 'run', events: EVENTS })
  await publisher.done
  return { replica, ids: publisher.acknowledged.map(({ id }) => id) }
}

/** A client that follows a run until it has the last of these events. */
type Client = (t: Test, url: string, last: string) => Promise<string[]>

const native: Client = async (t, url, last) => {
  const headers = { authorization: `Bearer ${token()}` }
  const source = new EventSource(streamOf(url, 'run'), { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }) })
  t.teardown(() => source.close())
  const ids: string[] = []
  source.addEventListener('log', ({ lastEventId }) => { ids.push(lastEventId) })
  await waitUntil(`the client has ${last}`, () => ids.includes(last))
  source.close()
  return ids
}

const packaged: Client = async (_t, url, last) => {
  const ids: string[] = []
  for await (const item of follow({ url, runId: 'run', token: token() })) {
    if (item.kind === 'event') ids.push(item.id)
    if (ids.includes(last)) break
  }
  return ids
}

/** The length of an answer up to the end of the last event, in bytes. */
async function answerLength ({ port }: Replica, last: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET /api/v1/workflow-runs/run/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token()}\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket.setEncoding('latin1')) {
    answer += chunk
    if (answer.includes(`id: ${last}\n`)) break
  }
  return answer.length
}

for (const [name, client] of [['EventSource', native], ['the client package', packaged]] as const) {
  t.test(`a connection is cut at every byte of its answer: ${name} resumes, and has every event once`, async (t) => {
    const { replica, ids } = await setUp(t)
    const last = ids.at(-1) ?? ''
    const length = await answerLength(replica, last)
    let next = 0
    let wrong = 0
    const lane = async () => {
      const proxy = await startProxy(t, replica.port)
      while (next <= length) {
        const bytes = next++
        proxy.cutAfter(bytes)
        const passed = proxy.passed()
        const reading = client(t, `http://127.0.0.1:${proxy.port}`, last)
        await waitUntil('it has asked', () => proxy.passed() > passed)
        proxy.cutAfter(null)
        const seen = await reading
        if (seen.join() === ids.join()) continue
        wrong++
        t.fail(`cut after ${bytes} bytes it saw ${seen.join()} instead of ${ids.join()}`)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    t.equal(wrong, 0, `at ${length} places`)
  })
}

interface HttpGateway {
  readonly url: string
  /** Answers the next request with this status. */
  answerNext (status: number): void
  /** Breaks every open connection. */
  cut (): void
}

/** A gateway that passes requests on, as nginx does, unless it is told to answer by itself. */
async function startHttpGateway (t: Test, target: string): Promise<HttpGateway> {
  const own: number[] = []
  const open = new Set<ServerResponse>()
  const server = createServer((incoming: IncomingMessage, response) => {
    const status = own.shift()
    if (status !== undefined) {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>')
      return
    }
    const outgoing = request(target + incoming.url, { headers: incoming.headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.on('error', () => {}).pipe(response)
    })
    outgoing.on('error', () => response.destroy()).end()
    open.add(response.on('close', () => {
      open.delete(response)
      outgoing.destroy()
    }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    answerNext: (status) => { own.push(status) },
    cut: () => { for (const response of open) response.destroy() }
  }
}

t.test('a gateway answers 502 or 503, or 404 or 200 with a page of its own: the client package asks again, and goes on after what it has', async (t) => {
  const { replica, ids } = await setUp(t)
  const gateway = await startHttpGateway(t, replica.url)
  gateway.answerNext(502)
  const seen: StreamItem[] = []
  const kinds = () => seen.map((item) => item.kind === 'reconnecting' ? item.error?.status ?? 'reconnecting' : item.kind)
  const leave = new AbortController()
  t.teardown(() => leave.abort())
  const following = (async () => {
    for await (const item of follow({ url: gateway.url, runId: 'run', token: token(), signal: leave.signal })) seen.push(item)
  })()
  await waitUntil('it has what there is', () => seen.some((item) => item.kind === 'event' && item.id === ids.at(-1)))
  for (const status of [503, 404, 200]) gateway.answerNext(status)
  gateway.cut()
  const more = startPublisher(t, { urls: [replica.url], runId: 'run', name: 'more', events: 2 })
  await more.done
  const all = [...ids, ...more.acknowledged.map(({ id }) => id)]
  await waitUntil('it has the rest', () => seen.some((item) => item.kind === 'event' && item.id === all.at(-1)))
  leave.abort()
  await following
  t.same(seen.filter((item) => item.kind === 'event').map(({ id }) => id), all)
  t.same(kinds().filter((kind) => kind !== 'event'), [502, 'stream_open', 'reconnecting', 503, 404, 200, 'stream_open'])
})

t.test('a gateway answers 502 once: EventSource by itself gives up for good, which is why there is a client package', async (t) => {
  const gateway = await startHttpGateway(t, 'http://127.0.0.1:1')
  gateway.answerNext(502)
  const source = new EventSource(streamOf(gateway.url, 'run'))
  t.teardown(() => source.close())
  await once(source, 'error')
  t.equal(source.readyState, EventSource.CLOSED)
})
