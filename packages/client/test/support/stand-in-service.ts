import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { outcomeOf } from '@runcast/protocol'
import type { Test } from 'tap'

/** A stored event. `data` is the payload's JSON text. */
export interface StoredEvent {
  readonly id: string
  readonly type: string
  readonly data: string
}

/** A request that has arrived. */
export interface Arrival {
  readonly method: string
  readonly path: string
  readonly runId: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Answers one request in place of the service. */
export type Answer = (response: ServerResponse, request: Arrival) => void

/**
 * A small HTTP server that answers clients as the service does. It can also refuse, stall and break connections, which
 * a client has to survive.
 */
export interface StandInService {
  readonly url: string
  /** All requests so far, in order of arrival. */
  readonly requests: Arrival[]
  /** Answers for the next requests of each kind, used before the ordinary answers. */
  readonly next: { readonly publish: Answer[], readonly stream: Answer[], readonly other: Answer[] }
  /** The ordinary answer to a publish. */
  readonly answerPublish: Answer
  /** Stores the published events and breaks the connection before the answer. */
  readonly loseAnswer: Answer
  /** The events of a run. */
  events (runId: string): StoredEvent[]
  /** Appends to a run as another publisher would. */
  append (runId: string, type: string, payload: unknown): StoredEvent
  /** Breaks all open connections. */
  breakConnections (): void
  /** Goes away: refuses connections until `start`. */
  stop (): Promise<void>
  start (): Promise<void>
}

const FIRST_MS = 1_764_000_000_000

/** Starts a stand-in on a free port, until the end of the test. */
export async function startStandIn (t: Test): Promise<StandInService> {
  const runs = new Map<string, StoredEvent[]>()
  const answered = new Map<string, string[]>()
  const named = new Map<string, StoredEvent>()
  const streams = new Map<ServerResponse, string>()
  const requests: Arrival[] = []
  const next: StandInService['next'] = { publish: [], stream: [], other: [] }
  let server: Server = createServer()
  let port = 0

  const events = (runId: string): StoredEvent[] => runs.get(runId) ?? runs.set(runId, []).get(runId) ?? []

  function append (runId: string, type: string, payload: unknown): StoredEvent {
    const seq = events(runId).length + 1
    const event = { id: `${FIRST_MS + seq}-${seq}`, type, data: JSON.stringify(payload) }
    events(runId).push(event)
    for (const [response, followed] of streams) {
      if (followed !== runId) continue
      response.write(frame(event))
      if (isOver(event)) endStream(response, runId)
    }
    return event
  }

  function endStream (response: ServerResponse, runId: string): void {
    const last = events(runId).at(-1)
    const end = { status: statusOf(last), last_event_id: last?.id, events: events(runId).length, counts: {} }
    response.end(`id: ${last?.id}\nevent: stream_end\ndata: ${JSON.stringify(end)}\n\n`)
    streams.delete(response)
  }

  /** The state of a run: the first end stays. */
  function standing (runId: string) {
    const changes = events(runId).filter((event) => statusOf(event) !== null)
    const event = changes.find(isOver) ?? changes.at(-1)
    const status = statusOf(event)
    return { status, outcome: outcomeOf(status ?? ''), terminal: event !== undefined && isOver(event) }
  }

  function store ({ runId, headers, body }: Arrival): string {
    const key = String(headers['idempotency-key'])
    let ids = answered.get(key)
    if (ids === undefined) {
      const batch: { event_type?: string, event_id?: string, payload: unknown }[] = JSON.parse(body)
      ids = batch.map(({ event_type: type = 'message', event_id: id, payload }) => storeOnce(runId, type, payload, id))
      answered.set(key, ids)
    }
    const { status, terminal } = standing(runId)
    return JSON.stringify({ ids, run: { status, terminal } })
  }

  function storeOnce (runId: string, type: string, payload: unknown, id: string | undefined): string {
    const key = `${runId} ${id}`
    const stored = (id === undefined ? undefined : named.get(key)) ?? append(runId, type, payload)
    if (id !== undefined) named.set(key, stored)
    if (stored.data !== JSON.stringify(payload)) throw new Error(`two events have the id ${id}`)
    return stored.id
  }

  function publish (response: ServerResponse, request: Arrival): void {
    response.writeHead(201, { 'content-type': 'application/json' }).end(store(request))
  }

  function loseAnswer (response: ServerResponse, request: Arrival): void {
    store(request)
    response.socket?.resetAndDestroy()
  }

  function stream (response: ServerResponse, { runId, headers, query }: Arrival): void {
    const cursor = headers['last-event-id'] ?? (query.get('from') === 'now' ? events(runId).at(-1)?.id : undefined)
    const after = events(runId).findIndex((event) => event.id === cursor) + 1
    const last = events(runId).at(-1)
    if (last !== undefined && isOver(last) && cursor === last.id) {
      response.writeHead(204, { 'last-event-id': last.id }).end()
      return
    }
    const position = events(runId)[after - 1]?.id ?? '0-0'
    const open = { run_id: runId, mode: last === undefined ? 'waiting' : 'fresh', position, status: statusOf(last) }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write(`retry: 20\n\nid: ${position}\nevent: stream_open\ndata: ${JSON.stringify(open)}\n\n`)
    for (const event of events(runId).slice(after)) response.write(frame(event))
    streams.set(response, runId)
    response.once('close', () => streams.delete(response))
    if (last !== undefined && isOver(last)) endStream(response, runId)
  }

  function other (response: ServerResponse, request: Arrival): void {
    const { method, path, runId } = request
    const json = { 'content-type': 'application/json' }
    if (method === 'POST' && path === '/api/v1/session/login-codes') response.writeHead(201, json).end(JSON.stringify({ url: `http://127.0.0.1:${port}/login#code=abc` }))
    else if (path.endsWith('/alive')) response.writeHead(runs.has(runId) ? 204 : 404).end()
    else if (runs.has(runId)) response.writeHead(200, json).end(JSON.stringify({ run_id: runId, ...standing(runId) }))
    else problem(404, 'run_not_found')(response, request)
  }

  async function handle (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in')
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const [, runId = '', resource = ''] = /^\/api\/v1\/workflow-runs\/([^/]+)(?:\/([a-z]+))?$/.exec(pathname) ?? []
    const arrival = { method: request.method ?? '', path: pathname, runId, query: searchParams, headers: request.headers, body }
    requests.push(arrival)
    const kind = resource === 'events' ? 'publish' : resource === 'stream' ? 'stream' : 'other'
    const prepared = next[kind].shift()
    if (prepared !== undefined) prepared(response, arrival)
    else if (kind === 'publish') publish(response, arrival)
    else if (kind === 'stream') stream(response, arrival)
    else other(response, arrival)
  }

  async function start (): Promise<void> {
    server = createServer((request, response) => {
      handle(request, response).catch(() => response.destroy())
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = addressOf(server).port
  }

  async function stop (): Promise<void> {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  await start()
  t.teardown(stop)
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    next,
    answerPublish: publish,
    loseAnswer,
    events,
    append,
    breakConnections: () => server.closeAllConnections(),
    stop,
    start
  }
}

/** Writes an event as a frame of a stream. */
export function frame ({ id, type, data }: StoredEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`
}

/** Refuses with problem details. */
export function problem (status: number, code: string, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, { ...headers, 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ status, code, title: 'Refused', detail: `refused with ${code}` }))
}

/** Answers as a gateway does by itself. */
export function gatewayPage (status: number): Answer {
  return (response) => response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', server: 'nginx' }).end(status === 204 ? undefined : '<h1>nginx</h1>')
}

/** Answers a stream with this text and ends it, in order or by breaking the connection. */
export function streamText (text: string | Buffer, end: 'end' | 'break' | 'stay' = 'end'): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.flushHeaders()
    response.write(text, () => {
      if (end === 'break') response.socket?.resetAndDestroy()
    })
    if (end === 'end') response.end()
  }
}

function addressOf (server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  return address
}

function statusOf (event: StoredEvent | undefined): string | null {
  if (event?.type !== 'status_change') return null
  const { status }: { status: string } = JSON.parse(event.data)
  return status
}

function isOver (event: StoredEvent): boolean {
  return outcomeOf(statusOf(event) ?? '') !== null
}
