import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Test } from 'tap'
import { portOf } from '../redis/redis-server.ts'

/** A page of the test's own beside the service, at one origin. */
export interface TabsServer {
  /** The address of both. */
  readonly url: string
  /** The numbers of streams of the page's tabs: open now, at most at once, and opened in all. */
  readonly streams: { open: number, most: number, opened: number }
}

const PAGE = fileURLToPath(new URL('../../browser/tabs-page.js', import.meta.url))

/**
 * Serves the page at `/tabs`, and passes everything else on to the service.
 *
 * @param serviceUrl where the service is
 */
export async function startTabsServer (t: Test, serviceUrl: string): Promise<TabsServer> {
  const script = await bundle()
  const streams = { open: 0, most: 0, opened: 0 }
  const server = createServer((incoming, response) => {
    if (incoming.url?.startsWith('/tabs?') === true) response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/tabs.js"></script>')
    else if (incoming.url === '/tabs.js') response.setHeader('content-type', 'text/javascript').end(script)
    else {
      if (incoming.url?.includes('/stream') === true) count(streams, response)
      passOn(serviceUrl, incoming, response)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${portOf(server)}`, streams }
}

async function bundle (): Promise<string> {
  const { outputFiles: [script] } = await build({ entryPoints: [PAGE], bundle: true, minify: true, format: 'esm', write: false, define: { 'process.env.NODE_ENV': '"production"' } })
  if (script === undefined) throw new Error('the page was not built')
  return script.text
}

function count (streams: TabsServer['streams'], response: ServerResponse): void {
  streams.opened++
  streams.most = Math.max(streams.most, ++streams.open)
  response.once('close', () => { streams.open-- })
}

function passOn (serviceUrl: string, incoming: IncomingMessage, response: ServerResponse): void {
  const outgoing = request(`${serviceUrl}${incoming.url}`, { method: incoming.method ?? 'GET', headers: incoming.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  response.once('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}
