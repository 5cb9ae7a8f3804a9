import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The two programs in C and their source files. */
const PROGRAMS = { load: ['load.c', 'streams.c', 'publisher.c', 'latency.c'], limit: ['limit.c'] }

/** The paths of the load client and of the server that shows the kernel's limit. */
export type NativePrograms = Readonly<Record<keyof typeof PROGRAMS, string>>

/**
 * Compiles the programs.
 *
 * @param directory where they are put
 * @throws Error when there is no compiler, or it finds a fault
 */
export function buildNative (directory: string): NativePrograms {
  if (spawnSync('gcc', ['--version']).status !== 0) throw new Error('The load client is written in C. Please install gcc and the headers of the C library.')
  const build = (name: keyof typeof PROGRAMS) => {
    const program = join(directory, name)
    const sources = PROGRAMS[name].map((source) => join(import.meta.dirname, 'native', source))
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', program, ...sources], { stdio: 'inherit' })
    return program
  }
  return { load: build('load'), limit: build('limit') }
}
