// The engine runs programs too (process-group.ts), but shares nothing with this file: its processes have groups of their
// own, neither terminal nor input of this process, and end with all their children. Sharing would make the command depend
// on the engine and its packages, for one line: the exit code after a signal.

import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CommandOutputs, OutputName } from './command-outputs.ts'
import { startGroupWitness } from './group-witness.ts'
import { pumpOutputs } from './output-pump.ts'
import { startProblem, startProgram } from './start-program.ts'

export interface CommandOptions {
  readonly environment: NodeJS.ProcessEnv
  readonly outputs: CommandOutputs
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
  /** The time from the start of the command to its end, in whole milliseconds. */
  readonly durationMs: number
}

/** The time that processes which a command left behind may hold its output open in silence, in milliseconds. */
const LEFT_BEHIND_MS = 5_000
const LEFT_BEHIND_CANCELLED_MS = 1_000
/** The signals that a terminal sends to all processes in its foreground. A second one would make many programs quit without cleaning up. */
const TERMINAL_SIGNALS = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT', 'SIGHUP'])

/** Starts a command in the current directory. It has the input of this process, and its output is passed on byte by byte. */
export function startCommand (command: readonly string[], { environment, outputs, onStart, onOutput }: CommandOptions): RunningCommand {
  const problem = startProblem(command[0] ?? '', environment)
  if (problem !== null) {
    outputs.started(null, null).forEach((output) => output.close())
    outputs.close()
    return { ending: Promise.resolve({ ...problem, signal: null, cancelledBy: null, durationMs: 0 }), isOver: true, cancel () {} }
  }
  let cancelledBy: NodeJS.Signals | null = null
  let isOver = false
  const startedAt = performance.now()
  // A command with a terminal of its own is in no group of another terminal.
  const witness = outputs.terminal === null ? startGroupWitness() : null
  const child = startProgram(command, outputs, environment)
  child.once('spawn', onStart)
  const exit = exitOf(child)
  const pump = pumpOutputs(outputs.started(child.stdout, child.stderr), onOutput)

  async function end (): Promise<Ending> {
    const how = await exit
    const durationMs = Math.round(performance.now() - startedAt)
    // A busy system may report a signal after the end that it caused.
    await nextTurn()
    isOver = true
    witness?.close()
    outputs.ended()
    await pump.end(cancelledBy === null ? LEFT_BEHIND_MS : LEFT_BEHIND_CANCELLED_MS)
    outputs.close()
    return { ...how, durationMs, cancelledBy: cancelledBy ?? typedCancel(how, outputs.typedSignal) }
  }

  return {
    ending: end(),
    get isOver () {
      return isOver
    },
    cancel (signal) {
      cancelledBy ??= signal
      if (witness === null || !TERMINAL_SIGNALS.has(signal)) child.kill(signal)
      else witness.hasSeen(signal).then((hasSeen) => hasSeen || child.kill(signal)).catch(() => child.kill(signal))
    }
  }
}

/** The signal key that was typed into the terminal of the command, if it seems to have ended it. */
function typedCancel ({ code }: Exit, typed: NodeJS.Signals | null): NodeJS.Signals | null {
  return code === 0 ? null : typed
}

type Exit = Omit<Ending, 'cancelledBy' | 'durationMs'>

function exitOf (child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: error.code === 'ENOENT' ? 127 : 126, signal: null, startError: error.message })
    })
    child.on('exit', (code, signal) => {
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal, startError: null })
    })
  })
}
