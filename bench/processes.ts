import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { processTree } from './usage.ts'

/** The server under test has this CPU to itself. */
export const SERVER_CPU = '0'

/** Everything else: Redis, the load, the replica that ingests, this process. */
export const OTHER_CPU = '1'

/** A nice value: 19 is the lowest priority, -20 the highest. */
const PRIORITY = -15

const START_MS = 40_000
const STOP_MS = 6_000

/** The CPUs of several processes: more than one only where the machine has some to spare. */
export function cpusOf (processes: number): string {
  const spare = Array.from({ length: Math.max(0, cpus().length - 2) }, (_, index) => String(index + 2))
  return [SERVER_CPU, ...spare.slice(0, processes - 1)].join(',')
}

/** A program and its surroundings. */
export interface Command {
  readonly command: readonly string[]
  readonly cpus: string
  /** The file that gets its output. */
  readonly log: string
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a program on some CPUs. */
export function startPinned ({ command, cpus, log, directory, environment = {} }: Command): ChildProcess {
  const [program = '', ...args] = pinned(cpus, command)
  const child = spawn(program, args, {
    ...(directory === undefined ? {} : { cwd: directory }),
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const output = createWriteStream(log, { flags: 'a' })
  child.stdout.pipe(output, { end: false })
  child.stderr.pipe(output, { end: false })
  child.once('close', () => output.end())
  return child
}

/** A command line that runs a program on some CPUs. */
export function pinned (cpus: string, command: readonly string[]): string[] {
  return ['taskset', '-c', cpus, ...command]
}

/** Puts this process on its CPU and, where that is permitted, before others, with all that it starts from now on. */
export function settleIn (): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', OTHER_CPU, String(process.pid)], { stdio: 'ignore' })
  try {
    setPriority(PRIORITY)
    // Linux may group processes by session. Then a priority counts only within the group.
    writeFileSync('/proc/self/autogroup', String(PRIORITY))
  } catch {
    // The priority is not permitted, or there are no groups.
  }
}

/** Ends a program and all processes that it started, by force if they do not heed the signal. */
export async function stop (child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const pids = processTree(child.pid)
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await Promise.race([gone, delay(STOP_MS, undefined, { ref: false })])
  for (const pid of pids) killIfThere(pid)
  await gone
}

/**
 * Waits until a program is ready.
 *
 * @throws Error when it ends before, or is not ready in time
 */
export async function untilReady (child: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_MS
  while (!await isReady()) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`)
    if (Date.now() > deadline) throw new Error(`${child.spawnargs.join(' ')} is not ready`)
    await delay(50)
  }
}

/** Tells if something listens on a port of this machine. */
export function listens (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function killIfThere (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has gone by itself.
  }
}
