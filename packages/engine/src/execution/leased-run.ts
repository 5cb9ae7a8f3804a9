import { setTimeout as delay } from 'node:timers/promises'
import { FencedError, type RunStore } from '../store/run-store.ts'
import { createAbortController } from './abort.ts'
import { executeRun, type ExecutionOptions } from './execute-run.ts'
import { Interruption } from './interruption.ts'

/** A run that this process executes, or is about to. */
export interface LeasedRun {
  /** Resolves when this process has nothing more to do with the run. */
  readonly done: Promise<void>
  cancel (): void
  /** Stops the run at its present place, so that another process goes on. */
  stop (): void
}

/** The time between two renewals of a lease, in milliseconds. They tell whether the run is cancelled, and it has to end within a second. */
const RENEW_MS = 400

/**
 * Claims a run and executes it, as long as the lease holds. Nothing happens when the run is over, or leased to another
 * process.
 *
 * @param holder the name of this engine in the store
 */
export function executeLeased (options: ExecutionOptions, runId: string, holder: string, leaseMs: number): LeasedRun {
  const { store, logger } = options
  const stopping = createAbortController()
  const ending = createAbortController()
  const interrupt = (reason: Interruption) => {
    if (reason.kind !== 'cancelled') stopping.abort(reason)
    ending.abort(reason)
  }

  async function execute (): Promise<void> {
    const token = await store.claim(runId, holder, leaseMs)
    if (token === null) return
    const over = new AbortController()
    const renewing = keepLease(store, runId, token, leaseMs, over.signal, interrupt)
    try {
      const run = await store.read(runId)
      if (run !== null) await executeRun(options, { run, token, stopSignal: stopping.signal, signal: ending.signal, interrupt })
    } finally {
      over.abort()
      await renewing
      await store.release(runId, token)
    }
  }

  return {
    done: execute().catch((error: unknown) => {
      if (error instanceof Interruption && error.kind !== 'broken') return
      if (!(error instanceof FencedError)) logger.error({ err: error, run_id: runId }, 'a run could not be executed further; it is tried again')
    }),
    cancel: () => interrupt(new Interruption('cancelled')),
    stop: () => interrupt(new Interruption('stopped'))
  }
}

/** Renews a lease until the signal is aborted. Interrupts the run when it is cancelled or the lease is lost. */
async function keepLease (store: RunStore, runId: string, token: number, leaseMs: number, over: AbortSignal, interrupt: (reason: Interruption) => void): Promise<void> {
  let renewedAt = Date.now()
  while (await pause(Math.min(RENEW_MS, leaseMs / 3), over)) {
    try {
      const isCancelled = await store.renew(runId, token, leaseMs)
      renewedAt = Date.now()
      if (isCancelled) interrupt(new Interruption('cancelled'))
    } catch (error) {
      if (error instanceof FencedError) return interrupt(new Interruption('fenced'))
      if (Date.now() - renewedAt >= leaseMs) return interrupt(new Interruption('broken', { cause: error }))
    }
  }
}

/** @returns false when the signal is aborted */
async function pause (ms: number, signal: AbortSignal): Promise<boolean> {
  return await delay(ms, true, { signal }).catch(() => false)
}
