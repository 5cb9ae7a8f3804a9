import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'
import { ROOT } from './root.js'

/** An error with a message for people; its stack says nothing more. */
export class BuildError extends Error {}

/** Ends the process with the message of a BuildError, and throws any other error. */
export function exitOnBuildError (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exit(1)
}

/**
 * Runs a program of the installed packages. Its output goes to standard error, as standard output is the service's.
 *
 * @param folder the working directory, relative to the project
 * @throws BuildError when it fails
 */
export async function run (folder, program, ...args) {
  const cwd = join(ROOT, folder)
  const path = [join(cwd, 'node_modules/.bin'), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  const child = spawn(program, args, { cwd, env: { ...process.env, PATH: path }, stdio: ['ignore', 2, 2] })
  const end = () => { child.kill() }
  process.once('exit', end)
  const [code, signal] = await once(child, 'exit')
  process.off('exit', end)
  if (code !== 0) throw new BuildError(`\`${[program, ...args].join(' ')}\` in ${cwd} ended with ${signal ?? `code ${code}`}.`)
}
