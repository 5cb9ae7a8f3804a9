// The engine runs programs too (process-group.ts), but shares nothing with this file: its processes have groups of their
// own, neither terminal nor input of this process, and end with all their children. Sharing would make the command depend
// on the engine and its packages, for one line: the exit code after a signal.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { makeOutputPipe } from './output-pipe.ts'
import { say } from './terminal.ts'

/** An output of the command. */
export type OutputName = 'stdout' | 'stderr'

export interface CommandOptions {
  readonly environment: NodeJS.ProcessEnv
  readonly onStart: () => void
  /** Called with output that has been passed on. The command has to wait while the promise is pending. */
  readonly onOutput: (output: OutputName, chunk: Buffer) => Promise<void>
}

/** A command that was started. */
export interface RunningCommand {
  /** Resolves when the command is over and its output is passed on. */
  readonly ending: Promise<Ending>
  readonly isOver: boolean
  /** Sends a signal to the command, whose end then counts as cancelled. */
  cancel (signal: NodeJS.Signals): void
}

/** The end of a command. */
export interface Ending {
  /** The exit code as a shell has it: 128 + n after signal n, 127 for a command that does not exist, 126 for one that cannot be run. */
  readonly code: number
  /** The signal that killed the command. */
  readonly signal: NodeJS.Signals | null
  /** The signal by which the command was cancelled. */
  readonly cancelledBy: NodeJS.Signals | null
  /** The reason why the command could not be started. */
  readonly startError: string | null
}

/** The time that processes which a command left behind may hold its output open in silence, in milliseconds. */
const LEFT_BEHIND_MS = 5_000
const LEFT_BEHIND_CANCELLED_MS = 1_000

/** Starts a command in the current directory. It has the input of this process, and its output is passed on byte by byte. */
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
    // A busy system may report a signal after the end that it caused.
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

/** Tells whether there is a terminal, which sends Ctrl-C to the command itself: a second SIGINT would make many programs quit without cleaning up. */
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

/** The number of chunks that were passed on, and of pumps that are busy with one. */
interface Flow {
  chunks: number
  busy: number
}

interface Pump {
  readonly done: Promise<void>
  stop (): void
}

/** Passes output on. When nobody takes it any more (`| head`), the pump stops, and the command with it. */
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
