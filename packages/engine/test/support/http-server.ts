import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Test } from 'tap'

/** A request that has arrived. */
export interface Arrival {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An HTTP server on the loopback interface. */
export interface HttpServer {
  readonly port: number
  /** Such as http://127.0.0.1:34567. */
  readonly url: string
  readonly arrivals: readonly Arrival[]
}

/** Starts a server until the end of the test. */
export async function startHttpServer (t: Test, answer: (request: Arrival, response: ServerResponse) => unknown): Promise<HttpServer> {
  const arrivals: Arrival[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const arrival = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    arrivals.push(arrival)
    await answer(arrival, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const port = portOf(server)
  return { port, url: `http://127.0.0.1:${port}`, arrivals }
}

/** Finds a port of 127.0.0.1 that was free a moment ago. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

function portOf (server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Answers with JSON. */
export function json (response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
