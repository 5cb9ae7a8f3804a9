import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { effectOf } from './effect.ts'
import { NotSilentError } from './errors.ts'
import type { RunLog, RunState } from './run-log.ts'
import { LOST_STATUS, type TerminalStatuses } from './terminal-statuses.ts'

export interface LostRunsOptions {
  readonly log: Pick<RunLog, 'silentRuns' | 'append'>
  /** The silence after which a run is lost, in milliseconds. */
  readonly lostAfterMs: number
  readonly terminalStatuses: TerminalStatuses
  /** Called with every run that was ended. */
  readonly onLost: (run: RunState) => void
  /** Called when the log can not be read or written. It is tried again. */
  readonly failed: (error: unknown) => void
}

/** The longest time between two looks, in milliseconds. */
const MAX_INTERVAL_MS = 10_000
const LOOKS_PER_SILENCE = 5

/**
 * Ends the runs whose publishers have fallen silent. Every process may do so at the same time: the append is carried out
 * only while the run is silent and unfinished, so that a run ends once. Publishers can be heard only while this process
 * and the log are there: after a start, a stop or an outage they get the whole time again.
 *
 * @returns a function that stops it, and resolves when nothing is under way
 */
export function startEndingLostRuns ({ log, lostAfterMs, terminalStatuses, onLost, failed }: LostRunsOptions): () => Promise<void> {
  const intervalMs = Math.min(MAX_INTERVAL_MS, lostAfterMs / LOOKS_PER_SILENCE)
  const stopping = new AbortController()
  let listeningSince = performance.now()
  let lookedAt = listeningSince

  async function look (): Promise<void> {
    const now = performance.now()
    // This process was stopped or asleep.
    if (now - lookedAt > lostAfterMs / 2) listeningSince = now
    lookedAt = now
    const silent = await log.silentRuns(lostAfterMs)
    if (now - listeningSince < lostAfterMs) return
    for (const run of silent) await end(run)
  }

  async function end (run: RunState): Promise<void> {
    const reason = `Nothing was heard of its publisher for ${lostAfterMs / 1000} seconds.`
    const payload = { status: LOST_STATUS, previous_status: run.status, reason, error: reason }
    const event = { type: 'status_change', data: JSON.stringify(payload), effect: effectOf('status_change', payload, terminalStatuses) }
    try {
      await log.append({ runId: run.runId, tenant: run.tenant, events: [event], appendId: randomUUID(), ifSilentMs: lostAfterMs })
      onLost(run)
    } catch (error) {
      if (!(error instanceof NotSilentError)) throw error
    }
  }

  async function keepLooking (): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(intervalMs, undefined, { signal: stopping.signal, ref: false }).catch(() => { /* It is stopped. */ })
      if (stopping.signal.aborted) return
      await look().catch((error: unknown) => {
        listeningSince = performance.now()
        failed(error)
      })
    }
  }

  const looking = keepLooking()
  return async () => {
    stopping.abort()
    await looking
  }
}
