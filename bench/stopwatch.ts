import type { RunningServer } from './servers/server.ts'
import { cpuSeconds, mainThread } from './usage.ts'

/** The time and CPU used during a measurement. */
export interface Used {
  readonly seconds: number
  /** The CPU time of the server, in seconds. */
  readonly cpuSeconds: number
  /** The share of the time in which the server could have run but something else had its CPU, 0 to 1. */
  readonly disturbed: number
}

/** Starts to measure; call the result to stop. */
export function startStopwatch (server: RunningServer): () => Used {
  const pids = server.pids()
  const read = () => ({ at: performance.now() / 1_000, cpu: cpuSeconds(pids), threads: pids.map(mainThread) })
  const start = read()
  return () => {
    const end = read()
    const seconds = end.at - start.at
    const used = end.cpu - start.cpu
    const lost = end.threads.map(({ ran, waited }, index) => {
      const before = start.threads[index] ?? { ran: 0, waited: 0 }
      // The server's other threads and processes are no disturbance.
      return waited - before.waited - Math.max(0, used - (ran - before.ran))
    })
    return { seconds, cpuSeconds: used, disturbed: Math.max(0, ...lost) / seconds }
  }
}

/** The shares of its CPU that the server used and lost, 0 to 1. */
export function shares ({ seconds, cpuSeconds, disturbed }: Used): { readonly busy: number, readonly disturbed: number } {
  return { busy: cpuSeconds / seconds, disturbed }
}
