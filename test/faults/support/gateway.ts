import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { portOf } from '../../helpers/redis/redis-server.ts'

/** A gateway on 127.0.0.1 that leads each connection to the first of its targets that takes it. */
export interface Gateway {
  readonly url: string
  /** Leads no new connection to a port any more, as when a readiness check fails. */
  takeOut (port: number): void
}

/** Starts a gateway in front of ports of 127.0.0.1, the preferred ones first; ended at the test's teardown. */
export async function startGateway (t: Pick<Test, 'teardown'>, ports: readonly number[]): Promise<Gateway> {
  const targets = new Set(ports)
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    return socket
  }

  const server = createServer(async (client) => {
    track(client)
    for (const port of targets) {
      const target = track(connect(port, '127.0.0.1'))
      try {
        await once(target, 'connect')
      } catch {
        continue
      }
      client.on('close', () => target.destroy())
      target.on('close', () => client.destroy())
      client.pipe(target).pipe(client)
      return
    }
    client.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  })
  return { url: `http://127.0.0.1:${portOf(server)}`, takeOut: (port) => { targets.delete(port) } }
}
