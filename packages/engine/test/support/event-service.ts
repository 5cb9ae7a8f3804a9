import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import type { Json } from '../../src/json.ts'

/** An event of a run, as the service stores it. */
export interface RunEvent {
  readonly type: string
  readonly data: { readonly [field: string]: Json }
}

/** A server that stores published events as Runcast does: a request and an event that come twice are stored once. */
export interface EventService {
  readonly url: string
  /** Lists the events of a run so far. */
  events (runId: string): RunEvent[]
  /** Refuses connections until `start`. */
  stop (): Promise<void>
  start (): Promise<void>
}

/** Starts a service on a free port, until the end of the test. */
export async function startEventService (t: Test): Promise<EventService> {
  const runs = new Map<string, RunEvent[]>()
  const answers = new Map<string, string>()
  const stored = new Map<string, string>()
  let server = createServer()
  let port = 0

  /** @throws Error for an event that has the id of another one */
  function store (runId: string, { event_type: type, event_id: id, payload }: { event_type: string, event_id?: string, payload: RunEvent['data'] }): string {
    const key = `${runId} ${id}`
    const data = JSON.stringify(payload)
    const before = id === undefined ? undefined : stored.get(key)
    if (before !== undefined && before !== data) throw new Error(`two events have the id ${id}`)
    const events = runs.get(runId) ?? []
    runs.set(runId, events)
    if (before === undefined) events.push({ type, data: payload })
    if (id !== undefined) stored.set(key, data)
    return `1764000000000-${events.length}`
  }

  async function answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const [, runId = ''] = /^\/api\/v1\/workflow-runs\/([^/]+)\/events$/.exec(request.url ?? '') ?? []
    const key = String(request.headers['idempotency-key'])
    const known = answers.get(key) ?? JSON.stringify({ ids: JSON.parse(body).map((event: Parameters<typeof store>[1]) => store(runId, event)) })
    answers.set(key, known)
    response.writeHead(201, { 'content-type': 'application/json' }).end(known)
  }

  async function start (): Promise<void> {
    server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy())
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  }

  async function stop (): Promise<void> {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  await start()
  t.teardown(stop)
  return { url: `http://127.0.0.1:${port}`, events: (runId) => [...runs.get(runId) ?? []], stop, start }
}
