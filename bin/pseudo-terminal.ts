import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, write } from 'node:fs'
import { createRequire } from 'node:module'
import { ReadStream } from 'node:tty'

/** The two calls of the library that are used. Its own reader stops 200 ms after the end of a command, and loses output. */
interface Native {
  open (columns: number, rows: number): { readonly master: number, readonly slave: number, readonly pty: string }
  resize (master: number, columns: number, rows: number): void
}

/** A pseudo-terminal for one command. */
export interface PseudoTerminal {
  /** The path of the command's side. */
  readonly path: string
  /** A file descriptor that the command must not inherit, else the terminal outlives this process. */
  readonly master: number
  /** The output of the command, up to the mark that `markEnd` sets. */
  readonly output: AsyncIterable<Buffer>
  /** Types bytes, as the keyboard does. */
  type (bytes: Buffer): void
  resize (columns: number, rows: number): void
  /** Marks the end of the output when the command is over. All that was written before is read first. */
  markEnd (): void
  close (): void
}

/**
 * Opens a pseudo-terminal of the size of the one that shows the output. The command's side stays open here until all
 * is read: the system may drop unread output when the last process closes it.
 *
 * @throws Error when the optional library or the machine has none
 */
export function openPseudoTerminal (columns: number, rows: number): PseudoTerminal {
  const require = createRequire(createRequire(import.meta.url).resolve('@lydell/node-pty'))
  const native: Native = require(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`)
  const { master, slave, pty } = native.open(columns, rows)
  const { held, stream } = takeOver(master, slave, pty)
  const mark = Buffer.from(`\0${randomBytes(16).toString('hex')}\0`)
  let isClosed = false
  return {
    path: pty,
    master,
    output: untilMark(stream, mark),
    type: (bytes) => { if (!isClosed) stream.write(bytes) },
    resize: (newColumns, newRows) => { if (!isClosed) native.resize(master, newColumns, newRows) },
    // Not at once: the write may have to wait for the reader, which is this process.
    markEnd: () => write(held, mark, () => {}),
    close () {
      if (isClosed) return
      isClosed = true
      stream.destroy()
      closeSync(held)
    }
  }
}

/** Reads from the master, and opens the slave anew, without making it the terminal of this process. Takes all or nothing: after an error both are closed. */
function takeOver (master: number, slave: number, path: string): { held: number, stream: ReadStream } {
  const opened = [master, slave]
  try {
    const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
    opened.push(held)
    const stream = new ReadStream(master)
    closeSync(slave)
    return { held, stream }
  } catch (error) {
    opened.forEach((descriptor) => closeSync(descriptor))
    throw error
  }
}

/** Passes on the bytes before the mark. Bytes that may be the beginning of the mark wait for the next ones. */
async function * untilMark (source: AsyncIterable<Buffer>, mark: Buffer): AsyncGenerator<Buffer> {
  let waiting = Buffer.alloc(0)
  for await (const chunk of source) {
    const bytes = Buffer.concat([waiting, chunk])
    const end = bytes.indexOf(mark)
    const known = end === -1 ? bytes.length - overlap(bytes, mark) : end
    if (known > 0) yield bytes.subarray(0, known)
    if (end !== -1) return
    waiting = bytes.subarray(known)
  }
  if (waiting.length > 0) yield waiting
}

/** The number of bytes at the end that are the beginning of the mark. */
function overlap (bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(bytes.length, mark.length - 1); length > 0; length--) {
    if (bytes.subarray(-length).equals(mark.subarray(0, length))) return length
  }
  return 0
}
