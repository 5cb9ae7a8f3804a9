import { setTimeout as delay } from 'node:timers/promises'
import { FencedError, type RunStore } from '../store/run-store.ts'
import { createAbortController } from './abort.ts'
import { AttemptEnd } from './attempt-end.ts'
import { executeRun, type AttemptOptions } from './run-attempt.ts'

/** A run that this process executes, or is about to. */
export interface LeasedRun {
  /** Resolves when this process has nothing more to do with the run. */
  readonly done: Promise<void>
  cancel (): void
  /** Stops where the run is, so that another process goes on. */
  stop (): void
}

/** How often the store is asked whether a run is cancelled, in milliseconds: it has to end within a second. */
const RENEW_MS = 400

/**
 * Claims a run and executes it, as long as the lease holds. Nothing happens when the run is over, or somebody else's.
 *
 * @param holder who this engine is to the store
 */
export function executeLeased (options: AttemptOptions, runId: string, holder: string, leaseMs: number): LeasedRun {
  const { store, logger } = options
  const stopping = createAbortController()
  const ending = createAbortController()
  const end = (reason: AttemptEnd) => {
    if (reason.kind !== 'cancelled') stopping.abort(reason)
    ending.abort(reason)
  }

  async function execute (): Promise<void> {
    const token = await store.claim(runId, holder, leaseMs)
    if (token === null) return
    const over = new AbortController()
    const renewing = keepLease(store, runId, token, leaseMs, over.signal, end)
    try {
      const run = await store.read(runId)
      if (run !== null) await executeRun(options, { run, token, stopSignal: stopping.signal, signal: ending.signal, end })
    } finally {
      over.abort()
      await renewing
      await store.release(runId, token)
    }
  }

  return {
    done: execute().catch((error: unknown) => {
      if (error instanceof AttemptEnd && error.kind !== 'broken') return
      if (!(error instanceof FencedError)) logger.error({ err: error, run_id: runId }, 'a run could not be executed further; it is tried again')
    }),
    cancel: () => end(new AttemptEnd('cancelled')),
    stop: () => end(new AttemptEnd('stopped'))
  }
}

/** Renews a lease until the signal is aborted, and ends the attempt when that is cancelled or the lease is lost. */
async function keepLease (store: RunStore, runId: string, token: number, leaseMs: number, over: AbortSignal, end: (reason: AttemptEnd) => void): Promise<void> {
  let renewedAt = Date.now()
  while (await pause(Math.min(RENEW_MS, leaseMs / 3), over)) {
    try {
      const isCancelled = await store.renew(runId, token, leaseMs)
      renewedAt = Date.now()
      if (isCancelled) end(new AttemptEnd('cancelled'))
    } catch (error) {
      if (error instanceof FencedError) return end(new AttemptEnd('fenced'))
      if (Date.now() - renewedAt >= leaseMs) return end(new AttemptEnd('broken', { cause: error }))
    }
  }
}

/** @returns false when the signal is aborted */
async function pause (ms: number, signal: AbortSignal): Promise<boolean> {
  return await delay(ms, true, { signal }).catch(() => false)
}
