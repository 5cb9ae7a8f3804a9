import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** A small process in the process group of this one. It dies of the signals that the whole group gets, such as Ctrl-C. */
export interface GroupWitness {
  /** Tells if a signal that this process has got went to the whole group, so that the command has it already. */
  hasSeen (signal: NodeJS.Signals): Promise<boolean>
  close (): void
}

/** The time in which a signal to the group reaches every process of it, in milliseconds. */
const REACH_MS = 200

/** Starts a witness. Where the machine can't, no signal counts as seen. */
export function startGroupWitness (): GroupWitness {
  // Reading ends together with this process. SIGQUIT must leave no core file.
  const process = spawn('/bin/sh', ['-c', 'ulimit -c 0; exec cat'], { stdio: ['pipe', 'ignore', 'ignore'] })
  process.unref()
  process.stdin.on('error', () => {})
  const death: Promise<unknown> = once(process, 'exit').then(([, signal]) => signal, () => null)
  let next: GroupWitness | null = null
  return {
    async hasSeen (signal) {
      if (next !== null) return await next.hasSeen(signal)
      const seen = await Promise.race([death, delay(REACH_MS)]) === signal
      if (seen) next ??= startGroupWitness()
      return seen
    },
    close () {
      process.stdin.destroy()
      next?.close()
    }
  }
}
