import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { portOf } from '../redis/redis-server.ts'

/** A TCP proxy on 127.0.0.1 whose faults a test switches on and off. */
export interface TcpProxy {
  readonly port: number
  /** The number of open connections. */
  connections (): number
  /** The number of connections passed on to the target so far. */
  passed (): number
  /** Breaks every open connection with a reset. */
  cut (): void
  /** Swallows bytes both ways, or only the target's, for good. Connections stay open. */
  blackhole (on: boolean | 'answers'): void
  /** From now on swallows all bytes of open connections whose client has sent this text near the beginning. */
  silence (text: string): void
  /** Half-opens every connection: the client's side is gone, and the target is not told and goes on writing. */
  abandon (): void
  /** Holds every chunk back for so many milliseconds, both ways. */
  delay (ms: number): void
  /** Resets new connections at once. */
  refuse (on: boolean): void
  /** Breaks each new connection with a reset once so many bytes of the target's have passed; null for never. */
  cutAfter (bytes: number | null): void
  /** Breaks the next connection on which the target sends this text, right after it. */
  cutAt (text: string): void
  /** Leads new connections to another port. */
  retarget (port: number): void
}

/** The length of the client's beginning that `silence` looks at. */
const REMEMBERED_CHARACTERS = 1_024

interface Link {
  readonly client: Socket
  readonly target: Socket
  said: string
  silent: boolean
  abandoned: boolean
  /** The number of the target's bytes that may still pass. */
  left: number
}

/** Starts a proxy in front of a port of 127.0.0.1; ended at the test's teardown. */
export async function startProxy (t: Pick<Test, 'teardown'>, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const links = new Set<Link>()
  let port = targetPort
  let swallowing: boolean | 'answers' = false
  let refusing = false
  let delayMs = 0
  let passing = Infinity
  let fatal: string | null = null
  let passed = 0

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const swallows = (link: Link, from: Socket) =>
    link.silent || link.abandoned || swallowing === true || (swallowing === 'answers' && from === link.target)

  const pump = async (link: Link, from: Socket, to: Socket) => {
    try {
      for await (const chunk of from) {
        if (from === link.client && link.said.length < REMEMBERED_CHARACTERS) link.said += chunk.toString('latin1')
        if (swallows(link, from)) continue
        if (delayMs > 0) await delay(delayMs)
        const at = from === link.target && fatal !== null ? chunk.indexOf(fatal) : -1
        if (fatal !== null && at >= 0) {
          link.left = at + Buffer.byteLength(fatal)
          fatal = null
        }
        const bytes = from === link.target ? chunk.subarray(0, link.left) : chunk
        if (from === link.target) link.left -= bytes.length
        if (!to.write(bytes) && !to.destroyed) await Promise.race([once(to, 'drain'), once(to, 'close')])
        if (link.left === 0) {
          // The reset comes only after the client has got the bytes that may pass.
          to.end()
          reset(from)
        }
      }
    } catch { /* Reset by its peer. */ }
    if (!link.abandoned) to.end()
  }

  const server = createServer((client) => {
    track(client)
    if (refusing) {
      client.resetAndDestroy()
      return
    }
    const target = connect(port, '127.0.0.1')
    track(target)
    const link = { client, target, said: '', silent: false, abandoned: false, left: passing }
    links.add(link)
    passed++
    target.on('close', () => links.delete(link))
    pump(link, client, target)
    pump(link, target, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => { for (const socket of sockets) reset(socket) }
  t.teardown(async () => {
    server.close()
    cut()
    await once(server, 'close')
  })

  return {
    port: portOf(server),
    connections: () => sockets.size / 2,
    passed: () => passed,
    cut,
    blackhole (on) { swallowing = on },
    silence (text) { for (const link of links) if (link.said.includes(text)) link.silent = true },
    abandon () {
      for (const link of links) {
        link.abandoned = true
        link.client.destroy()
      }
    },
    delay (ms) { delayMs = ms },
    refuse (on) { refusing = on },
    cutAfter (bytes) { passing = bytes ?? Infinity },
    cutAt (text) { fatal = text },
    retarget (other) { port = other }
  }
}

/** Breaks a connection. One that is being ended can't be reset: it would stay open for good. */
function reset (socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
