import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { TEST_SECRET } from '../../helpers/service/tokens.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** One process of the service, as it is built. */
export interface Replica {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Its exit code once it is gone; null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** Sends a signal. */
  kill (signal: NodeJS.Signals): void
  isReady (): Promise<boolean>
  /** The lines that it has logged so far. */
  logged (): LoggedLine[]
  /** Its memory after a full garbage collection, in bytes. */
  memory (): Promise<NodeJS.MemoryUsage>
  /** The most memory that it has had so far, in bytes. */
  peakMemory (): number
  /** The CPU time that it has used, in seconds. */
  cpuSeconds (): number
  fileDescriptors (): number
  /** A sample of its metrics, by its name with labels; NaN when there is none. */
  metric (name: string): Promise<number>
}

/** A line of the log. The levels are pino's: 40 is a warning. */
export interface LoggedLine {
  readonly level: number
  readonly time: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** The time that a start may take when very many processes share a processor, in milliseconds. */
const START_MS = 90_000

/** The ticks of CPU time in a second, on Linux. */
const TICKS_PER_SECOND = 100

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PROBE = fileURLToPath(new URL('./memory-probe.js', import.meta.url))

/**
 * Starts the built service on a free port of 127.0.0.1; killed at the test's teardown.
 *
 * @param settings as in the environment; PORT to choose one
 * @param options.before a program with its arguments that the service is run by, such as `ip netns exec x`
 * @param options.ready whether to wait until it says that it is ready; by default true
 */
export async function startReplica (
  t: Pick<Test, 'teardown'>, settings: Record<string, string>, { before = [], ready = true }: { before?: readonly string[], ready?: boolean } = {}
): Promise<Replica> {
  const script = `${ROOT}dist/server.js`
  if (!existsSync(script)) throw new Error('The service is not built. Run `npm run build`.')
  const [command = '', ...args] = [...before, process.execPath, '--expose-gc', '--import', PROBE, script]
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', JWT_SECRET: TEST_SECRET, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  let output = ''
  let isGone = false
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { output += text })
  const exited = once(child, 'close').then(([code]) => typeof code === 'number' ? code : null).finally(() => { isGone = true })
  t.teardown(async () => {
    child.kill('SIGKILL')
    // A stopped process acts on nothing but SIGKILL until it goes on.
    child.kill('SIGCONT')
    await exited
  })

  await waitUntil('the service listens', () => {
    if (isGone) throw new Error(`the service ended:\n${output}`)
    return LISTENING.test(output)
  }, START_MS)
  const url = LISTENING.exec(output)?.[1] ?? ''
  const pid = child.pid ?? 0
  const replica: Replica = {
    url,
    port: Number(new URL(url).port),
    pid,
    exited,
    kill: (signal) => { child.kill(signal) },
    isReady: () => fetch(`${url}/health/ready`).then(({ status }) => status === 200, () => false),
    logged: () => output.split('\n').flatMap(readLine),
    async memory () {
      child.send('memory')
      const [usage] = await once(child, 'message')
      return usage
    },
    peakMemory: () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024,
    cpuSeconds () {
      // After the name in parentheses, which may hold spaces, the 12th and 13th fields are user and system time.
      const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? []
      return ((user ?? NaN) + (system ?? NaN)) / TICKS_PER_SECOND
    },
    fileDescriptors: () => readdirSync(`/proc/${pid}/fd`).length,
    async metric (name) {
      const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
      return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? NaN)
    }
  }
  if (ready) await waitUntil('the service is ready', () => replica.isReady(), START_MS)
  return replica
}

const LISTENING = /Server listening at (http:\/\/[\d.]+:\d+)/

function readLine (line: string): LoggedLine[] {
  return line.startsWith('{') ? [JSON.parse(line)] : []
}
