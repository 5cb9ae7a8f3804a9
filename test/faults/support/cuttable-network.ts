import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { startProxy } from '../../helpers/http/tcp-proxy.ts'
import { token } from '../../helpers/service/tokens.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** A way between readers and a service that can be taken away without a packet. */
export interface CuttableNetwork {
  /** Names its technique, for the test's output. */
  readonly kind: string
  /** The address that the service must listen on. */
  readonly host: string
  /** Opens so many streams of a run; resolves when all are open. */
  open (port: number, runId: string, count: number): Promise<void>
  /** Lets nothing pass any more, and tells neither side. */
  cut (): void
}

const CLIENTS = fileURLToPath(new URL('./leaving-clients.js', import.meta.url))

/**
 * Makes a network namespace whose cable can be pulled. If that is not permitted it is a proxy that swallows
 * everything. The proxy lacks one thing: it acknowledges the bytes that the service writes.
 */
export async function startCuttableNetwork (t: Pick<Test, 'teardown'>): Promise<CuttableNetwork> {
  const name = `runcast-${process.pid}`
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
  try {
    ip('netns', 'add', name)
  } catch {
    return proxied(t)
  }
  t.teardown(() => ip('netns', 'delete', name))
  const net = `10.${200 + process.pid % 50}.${process.pid % 250}`
  const [outside, inside] = [`rc${process.pid}`, 'cable']
  ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name)
  ip('address', 'add', `${net}.1/24`, 'dev', outside)
  ip('link', 'set', outside, 'up')
  ip('-n', name, 'address', 'add', `${net}.2/24`, 'dev', inside)
  ip('-n', name, 'link', 'set', inside, 'up')
  return {
    kind: 'a network namespace whose link is set down',
    host: `${net}.1`,
    open: (port, runId, count) => openClients(t, ['ip', 'netns', 'exec', name], `${net}.1`, port, runId, count),
    cut: () => { ip('-n', name, 'link', 'set', inside, 'down') }
  }
}

function proxied (t: Pick<Test, 'teardown'>): CuttableNetwork {
  let cut = () => {}
  return {
    kind: 'a proxy that swallows everything',
    host: '127.0.0.1',
    async open (port, runId, count) {
      const proxy = await startProxy(t, port)
      cut = () => proxy.blackhole(true)
      await openClients(t, [], '127.0.0.1', proxy.port, runId, count)
    },
    cut: () => cut()
  }
}

async function openClients (t: Pick<Test, 'teardown'>, before: readonly string[], host: string, port: number, runId: string, count: number): Promise<void> {
  const [command = '', ...args] = [...before, process.execPath, CLIENTS, host, `${port}`, `/api/v1/workflow-runs/${runId}/stream`, token(), `${count}`]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  await waitUntil('all streams are open', () => output.includes('open'))
}
