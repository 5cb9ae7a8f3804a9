import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { CLONE } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

/** A program at work in a project. */
export interface Program {
  readonly pid: number
  stdout (): string
  stderr (): string
  /** Waits until the standard output has a text, and gives what the pattern caught first. */
  printed (pattern: RegExp): Promise<string>
  kill (signal: NodeJS.Signals): void
  /** The exit code; null after a signal that ended the program. */
  readonly exited: Promise<number | null>
}

/** A small project with the scripts of this one. */
export interface Project {
  readonly folder: string
  /** Starts the build. */
  build (...args: string[]): Program
  /** Starts the build, waits for its end, and gives the parts that it has built, in their order. */
  built (...args: string[]): Promise<string[]>
  /** All parts that were built so far. */
  log (): string[]
  write (file: string, text: string): void
  read (file: string): string
}

/** Makes a project of four parts: a library, a tool that needs it, pages, and a service that needs library and pages. */
export async function createProject (t: Test): Promise<Project> {
  const folder = await temporaryDirectory(t)
  const fixture = join(import.meta.dirname, 'fixture')
  const write = (file: string, text: string) => { writeFileSync(join(folder, file), text) }
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  cpSync(join(CLONE, 'scripts'), join(folder, 'scripts'), { recursive: true })
  cpSync(join(fixture, 'parts.js'), join(folder, 'scripts/build/parts.js'))
  cpSync(join(fixture, 'compile.sh'), join(folder, 'compile.sh'))
  for (const part of ['library', 'tool', 'pages', 'service']) mkdirSync(join(folder, part, 'src'), { recursive: true })
  for (const part of ['library', 'tool', 'pages']) write(`${part}/src/index.js`, `export default '${part} 1'\n`)
  cpSync(join(fixture, 'server.js'), join(folder, 'service/src/index.js'))
  const { scripts: { start } }: { scripts: { start: string } } = JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8'))
  write('package.json', JSON.stringify({ type: 'module', scripts: { start } }))
  write('common.txt', '')
  write('built.txt', '')

  const log = () => read('built.txt').split('\n').slice(0, -1)
  const build = (...args: string[]) => startProgram(t, folder, process.execPath, ['scripts/build.js', ...args])
  return {
    folder,
    build,
    log,
    write,
    read,
    async built (...args) {
      const before = log().length
      const program = build(...args)
      const code = await program.exited
      if (code !== 0) throw new Error(`the build ended with ${code}: ${program.stderr()}`)
      return log().slice(before)
    }
  }
}

/** Starts a program with nothing in its environment but its settings; it is ended with the test. */
export function startProgram (t: Test, folder: string, program: string, args: readonly string[], settings: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let isGone = false
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += String(text) })
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += String(text) })
  const exited = once(child, 'exit').then(([code]) => typeof code === 'number' ? code : null).finally(() => { isGone = true })
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    kill: (signal) => { child.kill(signal) },
    async printed (pattern) {
      await waitUntil(`${pattern} is printed`, () => {
        if (isGone) throw new Error(`the program ended: ${stdout}\n${stderr}`)
        return pattern.test(stdout)
      }, 600_000)
      return pattern.exec(stdout)?.[1] ?? ''
    }
  }
}
