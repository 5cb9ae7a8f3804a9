import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { makeOutputPipe } from './output-pipe.ts'
import { say } from './terminal.ts'

/** Which output of the command something comes from. */
export type OutputName = 'stdout' | 'stderr'

export interface CommandOptions {
  readonly environment: NodeJS.ProcessEnv
  readonly onStart: () => void
  /** Called with output that has been passed on; the command has to wait while the promise is pending. */
  readonly onOutput: (output: OutputName, chunk: Buffer) => Promise<void>
}

/** A command on its way. */
export interface RunningCommand {
  /** Resolves when the command is over and its output is passed on. */
  readonly ending: Promise<Ending>
  readonly isOver: boolean
  /** Sends a signal to the command; that it ends then counts as cancelled. */
  cancel (signal: NodeJS.Signals): void
}

/** How a command ended. */
export interface Ending {
  /** As a shell would say it: 128 + n after signal n, 127 when there is no such command, 126 when it can't be run. */
  readonly code: number
  /** The signal that killed it. */
  readonly signal: NodeJS.Signals | null
  /** The signal by which it was cancelled. */
  readonly cancelledBy: NodeJS.Signals | null
  /** Why it could not be started. */
  readonly startError: string | null
}

/** How long a command that is over may keep its output open in silence, through processes that it left behind. */
const LEFT_BEHIND_MS = 5_000
const LEFT_BEHIND_CANCELLED_MS = 1_000

/** Runs a command in the current directory. Its output goes on to that of this process, byte by byte; its input is that of this process. */
export function startCommand ([program = '', ...args]: readonly string[], options: CommandOptions): RunningCommand {
  let cancelledBy: NodeJS.Signals | null = null
  let isOver = false
  const stdout = makeOutputPipe()
  const stderr = makeOutputPipe()
  const child = spawn(program, args, { stdio: ['inherit', stdout.writeEnd, stderr.writeEnd], env: options.environment })
  child.once('spawn', options.onStart)
  const exit = exitOf(child)
  stdout.closeWriteEnd()
  stderr.closeWriteEnd()
  const flow = { chunks: 0, busy: 0 }
  const pumps = [
    pump(stdout.source, process.stdout, flow, (chunk) => options.onOutput('stdout', chunk)),
    pump(stderr.source, process.stderr, flow, (chunk) => options.onOutput('stderr', chunk))
  ]

  async function end (): Promise<Ending> {
    const how = await exit
    // Of a signal and the end that it brought about, a busy system may tell in the other order.
    await nextTurn()
    isOver = true
    await outputEnd(pumps, flow, cancelledBy === null ? LEFT_BEHIND_MS : LEFT_BEHIND_CANCELLED_MS)
    return { ...how, cancelledBy }
  }

  return {
    ending: end(),
    get isOver () {
      return isOver
    },
    cancel (signal) {
      cancelledBy ??= signal
      if (signal !== 'SIGINT' || !hasTerminal()) child.kill(signal)
    }
  }
}

/** A terminal sends Ctrl-C to the command itself; a second one would make many programs quit without cleaning up. */
function hasTerminal (): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
}

type Exit = Omit<Ending, 'cancelledBy'>

function exitOf (child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: error.code === 'ENOENT' ? 127 : 126, signal: null, startError: startErrorText(error) })
    })
    child.on('exit', (code, signal) => {
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal, startError: null })
    })
  })
}

function startErrorText (error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'command not found'
  if (error.code === 'EACCES') return 'permission denied'
  return error.message
}

/** Counts the chunks passed on, and the pumps that are busy with one. */
interface Flow {
  chunks: number
  busy: number
}

interface Pump {
  readonly done: Promise<void>
  stop (): void
}

/** Passes output on. It stops, and with it the command, when nobody takes the output any more (`| head`). */
function pump (source: Readable, sink: Writable, flow: Flow, onChunk: (chunk: Buffer) => Promise<void>): Pump {
  let stopped = false
  const stop = () => {
    stopped = true
    source.destroy()
  }

  async function run (): Promise<void> {
    for await (const chunk of source) {
      flow.chunks += 1
      flow.busy += 1
      if (!sink.write(chunk)) await once(sink, 'drain')
      await onChunk(chunk)
      flow.busy -= 1
    }
  }

  sink.on('error', stop)
  const done = run().catch((error: unknown) => {
    if (!stopped) throw error
  })
  return { done, stop }
}

async function outputEnd (pumps: readonly Pump[], flow: Flow, silenceMs: number): Promise<void> {
  const done = Promise.all(pumps.map((each) => each.done)).then(() => true)
  for (;;) {
    const { chunks } = flow
    if (await Promise.race([done, delay(silenceMs, false, { ref: false })])) return
    if (flow.chunks > chunks || flow.busy > 0) continue
    for (const { stop } of pumps) stop()
    say('A process that the command left behind still holds its output, which is not watched any longer.')
    await done
    return
  }
}
