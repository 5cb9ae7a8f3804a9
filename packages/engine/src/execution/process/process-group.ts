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
  /** Added to the little that every process gets. */
  readonly environment: { readonly [name: string]: string }
}

/** A process and all that it starts. */
export interface ProcessGroup {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves with the exit code when the process is gone, 128 + n after signal n. */
  readonly exit: Promise<number>
  /** The same, when its output has ended as well. */
  readonly closed: Promise<number>
  /** Ends what is left of the group: kindly, and `KINDNESS_MS` later by force. Resolves when the process is gone. */
  end (): Promise<void>
}

/** How long a process that is to end may take to clean up, in milliseconds. */
const KINDNESS_MS = 500
/** How long the output of a process that is gone must be silent to be over: one that has left its group may hold it open, in milliseconds. */
const LAST_OUTPUT_MS = 500
/** The most that such a one may add, in bytes: more than what the system holds of the process itself. */
const MAX_LAST_OUTPUT = 1_048_576

/** What a process needs of the engine's environment. The rest, with the secrets of the service, is not its business. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR']

/**
 * Starts a program, without a shell, in a process group of its own.
 *
 * @param environment that of the engine
 * @throws TaskError `configuration` when there is no such program, `runtime` when it can't be started
 */
export async function startProcess ({ program, arguments: args, environment: own }: Command, environment: { readonly [name: string]: string | undefined }): Promise<ProcessGroup> {
  const inherited = Object.fromEntries(INHERITED.flatMap((name) => environment[name] === undefined ? [] : [[name, environment[name]]]))
  const child = spawnGroup(program, args, { ...inherited, ...own })
  const codeAt = (event: 'exit' | 'close') => new Promise<number>((resolve) => {
    child.once(event, (code: number | null, signal: NodeJS.Signals | null) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  const exit = codeAt('exit')
  const closed = codeAt('close')
  // Writing to a process that does not read any more is no fault of the engine.
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
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), KINDNESS_MS)
      await exit
      clearTimeout(timer)
    }
  }
}

/** Ends the output of a process that is gone, when all that there was of it is read, however slowly. */
async function destroySilent (output: Readable): Promise<void> {
  const bytesRead = () => output instanceof Socket ? output.bytesRead : 0
  const first = bytesRead()
  for (let last = first; !output.destroyed; last = bytesRead()) {
    await delay(LAST_OUTPUT_MS, undefined, { ref: false })
    // What came while the engine was busy is not read before this turn of its loop.
    await turn()
    const isSilent = bytesRead() === last && output.readableLength === 0
    if (isSilent || bytesRead() - first > MAX_LAST_OUTPUT) output.destroy()
  }
}

/** Throws nothing when the group is gone already. */
function signalGroup (pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {}
}

/** @throws TaskError `runtime` for arguments that the system does not take, such as those that are too long */
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
