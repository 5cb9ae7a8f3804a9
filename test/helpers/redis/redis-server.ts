import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import type { Test } from 'tap'

/** A real Redis server that one test owns. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** The process id of the running server. */
  readonly pid: number
  /** The server's own directory. */
  readonly dir: string
  /** A client of this server, closed at teardown. */
  client (options?: Omit<RedisOptions, 'replyMapping'>): Redis
  /** Ends the server in good order; resolves when it is gone. */
  stop (): Promise<void>
  /** Starts the server again on the same port and directory; resolves when it answers. */
  start (): Promise<void>
  /** Sends a signal; resolves when the server is gone, or at once for SIGSTOP and SIGCONT. */
  kill (signal: NodeJS.Signals): Promise<void>
}

/**
 * Starts a redis-server on a free port of 127.0.0.1, in a directory of its own, without persistence.
 * It is ended at the test's teardown.
 *
 * @param options.args more arguments of redis-server, such as `['--appendonly', 'yes']`
 * @param options.env more variables of its environment
 * @throws Error with the server's output when it doesn't come up
 */
export async function startRedis (t: Pick<Test, 'teardown'>, options: { args?: readonly string[], env?: Readonly<Record<string, string>> } = {}): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'runcast-redis-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const launch = (port: number) => launchServer(['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...options.args ?? []], options.env)
  let { port, child } = await onFreePort(launch)
  t.teardown(() => end(child, 'SIGKILL'))

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    dir,
    get pid () { return pidOf(child) },
    client (clientOptions = {}) {
      const client = new Redis({ port, ...clientOptions })
      client.on('error', () => {})
      t.teardown(() => client.disconnect())
      return client
    },
    stop: () => end(child, 'SIGTERM'),
    async start () { child = await launch(port) },
    async kill (signal) {
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') child.kill(signal)
      else await end(child, signal)
    }
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

/** The port that a TCP server listens on. */
export function portOf (server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}

/** Runs `launch` with free ports until it works: another process may take one in between. */
export async function onFreePort (launch: (port: number) => Promise<ChildProcess>): Promise<{ port: number, child: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, child: await launch(port) }
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

/** The running servers. They end with this process. */
const running = new Set<ChildProcess>()
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** Starts a redis-server, or with `--sentinel` a Sentinel; resolves when it answers. */
export async function launchServer (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  running.add(child)
  child.once('exit', () => running.delete(child))
  await once(child, 'spawn')
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`redis-server did not start:\n${output}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      if (output.length < 10_000) output += chunk.toString()
      if (/Ready to accept connections|Sentinel ID is/.test(output)) resolve()
    })
  })
  return child
}

/** Ends a server with a signal and resolves when it is gone. */
export async function end (child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  // A stopped process acts on nothing but SIGKILL until it goes on.
  child.kill('SIGCONT')
  await gone
}

function pidOf (child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('redis-server is not running')
  return child.pid
}
