import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** A pipe from a command to this process. */
export interface OutputPipe {
  readonly source: Readable
  /** The file descriptor that the command writes to. */
  readonly writeEnd: number
  /** Closes the write end. Must be called when the command has its own copy, else the source never ends. */
  closeWriteEnd (): void
}

/**
 * Makes a named pipe, and removes the name at once. The pipes of Node are sockets, on which a command that opens
 * `/dev/stderr` fails.
 *
 * @throws Error when the machine can't make one
 */
export function makeOutputPipe (): OutputPipe {
  const folder = mkdtempSync(join(tmpdir(), 'runcast-'))
  const name = join(folder, 'output')
  const opened: number[] = []
  const open = (flags: number) => {
    const end = openSync(name, flags)
    opened.push(end)
    return end
  }
  try {
    execFileSync('mkfifo', ['-m', '600', name])
    const readEnd = open(constants.O_RDONLY | constants.O_NONBLOCK)
    const writeEnd = open(constants.O_WRONLY)
    return {
      source: new Socket({ fd: readEnd, readable: true, writable: false }),
      writeEnd,
      closeWriteEnd: () => closeSync(writeEnd)
    }
  } catch (error) {
    opened.forEach((end) => closeSync(end))
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}
