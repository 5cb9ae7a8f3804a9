import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { CommandOutputs } from './command-outputs.ts'

/**
 * Starts a program that writes to these outputs. Where `setpriv` can, the system kills it together with this process.
 *
 * @param command the program, which startProblem has found, and its arguments
 */
export function startProgram (command: readonly string[], outputs: CommandOutputs, environment: NodeJS.ProcessEnv): ChildProcess {
  const bound = bindsToParent() ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command
  if (outputs.terminal === null) return spawn(bound[0] ?? '', bound.slice(1), { stdio: ['inherit', ...outputs.writeEnds], env: environment })
  const { path, master } = outputs.terminal
  const hidden = openSync('/dev/null', constants.O_RDONLY)
  // The leader of a new session that opens a terminal gets it as its own.
  const child = spawn('/bin/sh', ['-c', 'exec "$@" <"$0" >"$0" 2>&1', path, ...bound], {
    detached: true,
    stdio: Array.from({ length: master + 1 }, (_, fd) => fd === master ? hidden : 'ignore'),
    env: environment
  })
  closeSync(hidden)
  return child
}

function bindsToParent (): boolean {
  return process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'clear', 'true'], { stdio: 'ignore' }).status === 0
}

/**
 * Looks for a program as the system does.
 *
 * @returns the reason why it can't be started, with the code that a shell gives; null when it is there
 */
export function startProblem (program: string, environment: NodeJS.ProcessEnv): { readonly code: number, readonly startError: string } | null {
  const files = program.includes('/') ? [program] : (environment['PATH'] ?? '/usr/bin:/bin').split(delimiter).map((folder) => join(folder === '' ? '.' : folder, program))
  if (files.some(isExecutable)) return null
  return files.some(isThere) ? { code: 126, startError: 'permission denied' } : { code: 127, startError: 'command not found' }
}

function isThere (file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined
}

function isExecutable (file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
