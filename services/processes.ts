import cluster, { type Worker } from 'node:cluster'
import type { Logger } from './logging/logger.ts'
import { addUpTotals } from './metrics.ts'
import { ProcessRegister } from './process-questions.ts'

/** The time after the end of a process until another one takes its place, in milliseconds. */
const RESTART_MS = 1_000

/**
 * Runs copies of this program behind one port and keeps them running. A copy that ends is replaced; a signal to this
 * process stops all copies, each in good order, and a second one at once. When one ends before any
 * has listened, a start can not succeed: all end, and this process takes its exit code.
 *
 * @param count the number of copies
 * @param stopMs the time that they may take to stop, in milliseconds; then they are ended
 * @returns when all have stopped
 */
export async function runProcesses (count: number, stopMs: number, log: Logger): Promise<void> {
  let isStopping = false
  let hasListened = false
  const register = new ProcessRegister(count, addUpTotals)
  const fork = () => register.add(cluster.fork())
  const running = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
  return new Promise((resolve) => {
    cluster.on('listening', () => { hasListened = true })
    cluster.on('exit', (worker, code, signal) => {
      register.remove(worker)
      if (!isStopping && !hasListened && code > 0) {
        process.exitCode = code
        stop('SIGTERM')
      }
      if (isStopping) {
        if (running().length === 0) resolve()
        return
      }
      log.error({ pid: worker.process.pid, code, signal }, 'a process ended and is replaced')
      setTimeout(() => { if (!isStopping) fork() }, RESTART_MS)
    })

    const stop = (signal: NodeJS.Signals) => {
      // A second signal cuts their stop short. A terminal sends its Ctrl-C to all copies itself.
      if (signal === 'SIGTERM' || !process.stdin.isTTY) signalAll(running(), signal)
      if (isStopping) return
      isStopping = true
      setTimeout(() => signalAll(running(), 'SIGKILL'), stopMs).unref()
      if (running().length === 0) resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)

    for (let index = 0; index < count; index++) fork()
  })
}

function signalAll (workers: readonly Worker[], signal: NodeJS.Signals): void {
  for (const worker of workers) worker.process.kill(signal)
}
