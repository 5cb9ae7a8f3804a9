import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { portOf } from './redis-server.ts'

/** A TCP proxy on 127.0.0.1 whose faults a test switches on and off. */
export interface TcpProxy {
  readonly port: number
  /** How many connections are open. */
  connections (): number
  /** Breaks every open connection with a reset. */
  cut (): void
  /** Whether bytes are swallowed both ways while connections stay open. Swallowed bytes never arrive. */
  blackhole (on: boolean): void
  /** Holds every chunk back for so many milliseconds, both ways. */
  delay (ms: number): void
  /** Whether new connections are reset at once. */
  refuse (on: boolean): void
}

/** Starts a proxy in front of a port of 127.0.0.1; ended at the test's teardown. */
export async function startProxy (t: Pick<Test, 'teardown'>, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let swallowing = false
  let refusing = false
  let delayMs = 0

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const pump = async (from: Socket, to: Socket) => {
    try {
      for await (const chunk of from) {
        if (swallowing) continue
        if (delayMs > 0) await delay(delayMs)
        to.write(chunk)
      }
    } catch { /* Reset by its peer. */ }
    to.end()
  }

  const server = createServer((client) => {
    track(client)
    if (refusing) {
      client.resetAndDestroy()
      return
    }
    const target = connect(targetPort, '127.0.0.1')
    track(target)
    pump(client, target)
    pump(target, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => { for (const socket of sockets) socket.resetAndDestroy() }
  t.teardown(async () => {
    server.close()
    cut()
    await once(server, 'close')
  })

  return {
    port: portOf(server),
    connections: () => sockets.size / 2,
    cut,
    blackhole (on) { swallowing = on },
    delay (ms) { delayMs = ms },
    refuse (on) { refusing = on }
  }
}
