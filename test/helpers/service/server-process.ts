import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The service as a process of its own. */
export interface ServerProcess {
  readonly pid: number
  /** The text that it has written so far. */
  stdout (): string
  stderr (): string
  /** Waits for a text in the standard output; gives the pattern's match. Throws when the process ends before. */
  printed (pattern: RegExp): Promise<RegExpExecArray>
  kill (signal: NodeJS.Signals): void
  /** The exit code, once it is gone. */
  readonly exited: Promise<number | null>
}

/**
 * Starts the built service, or a script of the project as TypeScript. Its environment holds the settings and the few
 * variables that every program needs.
 *
 * @param settings as in the environment
 * @param script with its arguments, relative to the project
 */
export function startServer (t: Test, settings: Record<string, string>, ...script: string[]): ServerProcess {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const child = spawn(process.execPath, script.length === 0 ? ['dist/server.js'] : ['--import', 'tsx', ...script], {
    cwd: root,
    env: { PATH: process.env['PATH'], FASTIFY_AUTOLOAD_TYPESCRIPT: '1', ...settings },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += String(text) })
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += String(text) })
  const exited = once(child, 'close').then(([code]) => typeof code === 'number' ? code : null)
  let isGone = false
  exited.then(() => { isGone = true })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    kill: (signal) => { child.kill(signal) },
    printed: async (pattern) => {
      for (;;) {
        const match = pattern.exec(stdout)
        if (match !== null) return match
        if (isGone) throw new Error(`the process ended: ${stdout}\n${stderr}`)
        await Promise.race([once(child.stdout, 'data'), exited])
      }
    }
  }
}
