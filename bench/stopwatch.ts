import { performance } from 'node:perf_hooks'
import { cpus } from 'node:os'
import type { RunningServer } from './servers/server.ts'
import { cpuSeconds, machineSeconds, processTree } from './usage.ts'

/** What was used while something was measured. */
export interface Used {
  readonly seconds: number
  /** The CPU time of the server. */
  readonly serverSeconds: number
  /** Which share of all CPU time had nothing to do with the measurement, 0 to 1. */
  readonly foreign: number
}

/** Starts to measure; call the result to stop. */
export function startStopwatch (server: RunningServer): () => Used {
  const pids = server.pids()
  const read = () => ({ at: performance.now() / 1000, server: cpuSeconds(pids), own: cpuSeconds(processTree(process.pid), true), machine: machineSeconds() })
  const start = read()
  return () => {
    const end = read()
    const seconds = end.at - start.at
    const others = end.machine - start.machine - (end.own - start.own)
    return { seconds, serverSeconds: end.server - start.server, foreign: Math.max(0, others / seconds / cpus().length) }
  }
}
