import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The folder of the project. */
export const CLONE = resolve(fileURLToPath(new URL('../../..', import.meta.url)))

/** The `runcast` command as npm links it. */
export const RUNCAST = join(CLONE, 'bin/runcast.js')

/** A `runcast` on its way. */
export interface Runcast {
  readonly process: ChildProcess
  /** The text that it has printed so far. */
  readonly output: { stdout: string, stderr: string }
  /** Resolves with its exit code when it is over and all its output is read. */
  readonly code: Promise<number | null>
}

export interface RuncastOptions {
  /** Variables beside PATH. */
  readonly environment?: Record<string, string>
  readonly cwd?: string
  /** The text for stdin, which then ends; null leaves it open. */
  readonly input?: string | null
}

/** Starts the command as a process of its own, which is gone at the end of the test at the latest. */
export function runcast (t: Test, args: readonly string[], { environment = {}, cwd, input = '' }: RuncastOptions = {}): Runcast {
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe']
  const child = spawn(process.execPath, [RUNCAST, ...args], { stdio, env: { PATH: process.env['PATH'], ...environment }, ...(cwd === undefined ? {} : { cwd }) })
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('latin1').on('data', (text: string) => { output.stdout += text })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { output.stderr += text })
  child.stdin?.on('error', () => {})
  if (input !== null) child.stdin?.end(input)
  const code = once(child, 'close').then(([exitCode]: (number | null)[]) => exitCode ?? null)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await code
  })
  return { process: child, output, code }
}
