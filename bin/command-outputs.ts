import { fstatSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { makeOutputPipe, type OutputPipe } from './output-pipe.ts'
import { openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts'
import { enterRawMode, isAtTerminal } from './raw-terminal.ts'
import { say } from './terminal.ts'

/** Ctrl-C and Ctrl-\\, as bytes. */
const SIGNAL_KEYS = new Map<number, NodeJS.Signals>([[0x03, 'SIGINT'], [0x1c, 'SIGQUIT']])

/** The name of an output of the command; null when stdout and stderr are one. */
export type OutputName = 'stdout' | 'stderr' | null

/** An output of the command, and the output of this process that it is passed on to. */
export interface CommandOutput {
  readonly name: OutputName
  readonly source: AsyncIterable<Buffer>
  readonly sink: Writable
  /** Stops reading. The command then can't write any more. */
  readonly close: () => void
}

/** The outputs of a command that is about to start. */
export interface CommandOutputs {
  readonly terminal: PseudoTerminal | null
  /** The last signal key, such as Ctrl-C, that was typed into the terminal. */
  readonly typedSignal: NodeJS.Signals | null
  /** For stdout and stderr; not used with a terminal. */
  readonly writeEnds: ReadonlyArray<number | 'pipe'>
  /** Gives the outputs of the command. Must be called when it is started, with its own pipes if `writeEnds` asks for them. */
  started (stdout: Readable | null, stderr: Readable | null): CommandOutput[]
  /** Must be called when the command is over. */
  ended (): void
  /** Frees the terminal. */
  close (): void
}

/**
 * Makes the outputs: a pseudo-terminal, one pipe for stdout and stderr when they lead to one file, or one pipe each.
 * Without named pipes it says so and takes those of Node.
 *
 * @param wantsTerminal true to have a pseudo-terminal where stdin, stdout and stderr are terminals
 */
export function makeCommandOutputs (wantsTerminal: boolean): CommandOutputs {
  if (wantsTerminal && isAtTerminal()) {
    try {
      return terminalOutputs()
    } catch {
      say('The command gets no terminal of its own here, so that it may hold its output back. Use --no-tty to leave this message out.')
    }
  }
  try {
    return pipedOutputs()
  } catch (error) {
    say(`No named pipe could be made (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'}): the command runs with plain pipes, and can't open /dev/stdout or /dev/stderr.`)
    return plainOutputs()
  }
}

function terminalOutputs (): CommandOutputs {
  const { stdin, stdout } = process
  const terminal = openPseudoTerminal(stdout.columns, stdout.rows)
  const restore = enterRawModeOrClose(terminal)
  const resize = () => terminal.resize(stdout.columns, stdout.rows)
  let typedSignal: NodeJS.Signals | null = null
  const type = (bytes: Buffer) => {
    for (const byte of bytes) typedSignal = SIGNAL_KEYS.get(byte) ?? typedSignal
    terminal.type(bytes)
  }
  return {
    terminal,
    get typedSignal () {
      return typedSignal
    },
    writeEnds: [],
    started () {
      stdin.on('data', type).on('error', () => {})
      stdout.on('resize', resize)
      return [{ name: null, source: terminal.output, sink: stdout, close: terminal.close }]
    },
    ended: terminal.markEnd,
    close () {
      stdin.off('data', type).pause()
      stdout.off('resize', resize)
      terminal.close()
      restore()
    }
  }
}

function enterRawModeOrClose (terminal: PseudoTerminal): () => void {
  try {
    return enterRawMode()
  } catch (error) {
    terminal.close()
    throw error
  }
}

function pipedOutputs (): CommandOutputs {
  const { stdout, stderr } = process
  const first = makeOutputPipe()
  const second = isOneFile() ? null : makeSecondPipe(first)
  return {
    terminal: null,
    typedSignal: null,
    writeEnds: [first.writeEnd, (second ?? first).writeEnd],
    started () {
      first.closeWriteEnd()
      second?.closeWriteEnd()
      if (second === null) return [readableOutput(null, first.source, stdout)]
      return [readableOutput('stdout', first.source, stdout), readableOutput('stderr', second.source, stderr)]
    },
    ended () {},
    close () {}
  }
}

function makeSecondPipe (first: OutputPipe): OutputPipe {
  try {
    return makeOutputPipe()
  } catch (error) {
    first.source.destroy()
    first.closeWriteEnd()
    throw error
  }
}

function plainOutputs (): CommandOutputs {
  const { stdout, stderr } = process
  return {
    terminal: null,
    typedSignal: null,
    writeEnds: ['pipe', 'pipe'],
    started: (out, err) => out === null || err === null ? [] : [readableOutput('stdout', out, stdout), readableOutput('stderr', err, stderr)],
    ended () {},
    close () {}
  }
}

function readableOutput (name: OutputName, source: Readable, sink: Writable): CommandOutput {
  return { name, source, sink, close: () => { source.destroy() } }
}

/** Tells if stdout and stderr of this process lead to one file, as after `2>&1`. */
function isOneFile (): boolean {
  try {
    const [out, err] = [fstatSync(1), fstatSync(2)]
    return out.dev === err.dev && out.ino === err.ino
  } catch {
    return false
  }
}
