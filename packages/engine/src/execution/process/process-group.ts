// `runcast exec` runs programs too, but shares nothing with this file: its command stays in the process group of the
// terminal, inherits its input, and writes to named pipes. Only the code of an end by a signal is worked out alike.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { taskError } from '../problem.ts'

/** A program to start. */
export interface Command {
  readonly program: string
  readonly arguments: readonly string[]
  /** Added to the few variables that every process gets. */
  readonly environment: { readonly [name: string]: string }
}

/** A process and all that it starts. */
export interface ProcessGroup {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves with the exit code when the process is gone, 128 + n after signal n. */
  readonly exit: Promise<number>
  /** Resolves with the exit code when the output has ended as well. */
  readonly closed: Promise<number>
  /** Ends the rest of the group: by SIGTERM, and by SIGKILL `TERM_GRACE_MS` later. Resolves when the process is gone. */
  end (): Promise<void>
}

/** The time between SIGTERM and SIGKILL, in milliseconds. */
const TERM_GRACE_MS = 500
/**
 * The silence after which the output of a process that is gone counts as over, in milliseconds. A child that has left
 * the group may hold it open.
 */
const SILENCE_MS = 500
/** The most bytes that such a child may add: more than the system holds of the process itself. */
const MAX_LAST_OUTPUT = 1_048_576

/** The variables that a process gets of the engine's environment. The others hold the secrets of the service. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR']

/**
 * Starts a program, without a shell, in a process group of its own.
 *
 * @param environment the environment of the engine
 * @throws TaskError `configuration` when there is no such program, `runtime` when it cannot be started
 */
export async function startProcess ({ program, arguments: args, environment: own }: Command, environment: { readonly [name: string]: string | undefined }): Promise<ProcessGroup> {
  const inherited = Object.fromEntries(INHERITED.flatMap((name) => environment[name] === undefined ? [] : [[name, environment[name]]]))
  const child = spawnGroup(program, args, { ...inherited, ...own })
  const codeAt = (event: 'exit' | 'close') => new Promise<number>((resolve) => {
    child.once(event, (code: number | null, signal: NodeJS.Signals | null) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  const exit = codeAt('exit')
  const closed = codeAt('close')
  // A process need not read its input: a write that fails is no fault of the engine.
  for (const stream of child.stdio) stream?.on('error', () => {})
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw startError(program, cause)
  }

  const { pid } = child
  exit.then(async () => {
    signalGroup(pid, 'SIGKILL')
    await Promise.all([destroySilent(child.stdout), destroySilent(child.stderr)])
  }).catch(() => {})
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit,
    closed,
    async end () {
      signalGroup(pid, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), TERM_GRACE_MS)
      await exit
      clearTimeout(timer)
    }
  }
}

/** Destroys the output of a process that is gone, once all of it is read, however slowly. */
async function destroySilent (output: Readable): Promise<void> {
  const bytesRead = () => output instanceof Socket ? output.bytesRead : 0
  const first = bytesRead()
  for (let last = first; !output.destroyed; last = bytesRead()) {
    await delay(SILENCE_MS, undefined, { ref: false })
    // Output that came while the engine was busy is read in the next turn of the event loop.
    await turn()
    const isSilent = bytesRead() === last && output.readableLength === 0
    if (isSilent || bytesRead() - first > MAX_LAST_OUTPUT) output.destroy()
  }
}

/** Sends a signal to a group, if it is still there. */
function signalGroup (pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {}
}

/** @throws TaskError `runtime` for arguments that the system refuses, such as too long ones */
function spawnGroup (program: string, args: readonly string[], env: { readonly [name: string]: string | undefined }) {
  try {
    return spawn(program, args, { env: { ...env }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  } catch (cause) {
    throw startError(program, cause)
  }
}

function startError (program: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return taskError('configuration', `There is no program "${program}": give its name or path alone, and its arguments as a list.`, { cause })
  if (code === 'EACCES') return taskError('configuration', `The program "${program}" may not be executed.`, { cause })
  return taskError('runtime', `The program "${program}" could not be started (${String(code)}).`, { cause })
}
