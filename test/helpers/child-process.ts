import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** A TypeScript program of test/helpers that runs as a process of its own. */
export interface ChildProgram {
  readonly pid: number
  /** The lines that it has printed so far. */
  readonly lines: readonly string[]
  /** Ends it with SIGKILL and resolves when it is gone and everything that it printed is in `lines`. */
  kill (): Promise<void>
}

/** Starts `test/helpers/<name>.ts` with arguments; it is killed at the test's teardown at the latest. */
export function startProgram (t: Test, name: string, ...args: string[]): ChildProgram {
  const program = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  const closed = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await closed
  }
  t.teardown(kill)
  return { pid: pidOf(child), lines, kill }
}

function pidOf ({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the program did not start')
  return pid
}
