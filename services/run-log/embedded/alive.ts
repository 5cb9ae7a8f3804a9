import { RunNotFoundError } from '../errors.ts'
import { HEARD_NEWS_MS, MAX_SILENT_RUNS, type Retention } from '../retention.ts'
import type { RunState } from '../run-log.ts'
import { readRun } from './list.ts'
import { findRun, type Store, type StoredRun } from './store.ts'

/**
 * Notes that the publisher of a run lives, within a write transaction. A finished run stays as it is.
 *
 * @param at the clock, ms since 1970
 * @returns whether the run goes on, and whether those who watch all runs should be told
 * @throws RunNotFoundError
 */
export function noteAlive (store: Store, runId: string, tenant: string, at: number, retention: Retention): { goesOn: boolean, isNews: boolean } {
  const run = findRun(store, runId, at, retention)
  if (run === null || run.tenant !== tenant) throw new RunNotFoundError()
  if (run.terminalId !== null) return { goesOn: false, isNews: false }
  const before = lastHeard(run)
  move(store, runId, Math.max(at, run.heardAt ?? 0))
  return { goesOn: true, isNews: run.heardAt === undefined || Math.floor(at / HEARD_NEWS_MS) !== Math.floor(before / HEARD_NEWS_MS) }
}

/** Tells if a run has sent signs of life, is not finished, and was not heard for so long. */
export function isSilent (run: StoredRun, at: number, silentMs: number): boolean {
  return run.heardAt !== undefined && run.terminalId === null && at - lastHeard(run) >= silentMs
}

/** Finds silent runs, within a write transaction, and puts the others of the same age to their place. */
export function silentRuns (store: Store, silentMs: number, at: number, retention: Retention): RunState[] {
  const found: RunState[] = []
  for (const [heardAt, runId] of [...store.heard.getKeys({ end: [at - silentMs, '\uffff'], limit: MAX_SILENT_RUNS })]) {
    const run = findRun(store, runId, at, retention)
    if (run === null || run.terminalId !== null || run.heardAt !== heardAt) store.heard.remove([heardAt, runId])
    else if (!isSilent(run, at, silentMs)) move(store, runId, lastHeard(run))
    else {
      const state = readRun(store, runId, at, retention)
      if (state !== null) found.push(state)
    }
  }
  return found
}

/** The time of the newest event or sign of life. */
function lastHeard (run: StoredRun): number {
  return Math.max(run.heardAt ?? 0, run.lastMs)
}

function move (store: Store, runId: string, heardAt: number): void {
  const run = store.runs.get(runId)
  if (run === undefined) return
  if (run.heardAt !== undefined) store.heard.remove([run.heardAt, runId])
  store.runs.put(runId, { ...run, heardAt })
  store.heard.put([heardAt, runId], true)
}
