import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setLineEnd } from './terminal.ts'

/** Tells whether stdin, stdout and stderr are terminals, and this process is in the foreground of its own. */
export function isAtTerminal (): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY && isInForeground()
}

/**
 * Makes the terminal pass on each key as it is, and restores it when this process ends or is stopped.
 *
 * @returns restores the terminal
 * @throws Error when the machine has no `stty`
 */
export function enterRawMode (): () => void {
  const saved = stty('-g').trim()
  const enter = () => {
    stty('raw', '-echo', '-iexten')
    setLineEnd('\r\n')
  }
  const restore = () => {
    setLineEnd('\n')
    try {
      stty(saved)
    } catch {
      // The terminal is gone.
    }
  }
  const stop = () => {
    restore()
    process.kill(process.pid, 'SIGSTOP')
  }
  const goOn = () => { if (isInForeground()) enter() }
  enter()
  process.on('exit', restore).on('SIGTSTP', stop).on('SIGCONT', goOn)
  return () => {
    process.off('exit', restore).off('SIGTSTP', stop).off('SIGCONT', goOn)
    restore()
  }
}

function stty (...args: string[]): string {
  return execFileSync('stty', args, { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8' })
}

/** Compares the process group with the one that the terminal has in the foreground. A process in the background is stopped when it changes the terminal. */
function isInForeground (): boolean {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[2] === fields[5]
  } catch {
    return true
  }
}
