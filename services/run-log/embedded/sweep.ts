import { SWEEP_DELETIONS, type Expired } from '../../lmdb/sweeper.ts'
import type { Retention } from '../retention.ts'
import { discardLog, forgetRun, logExpiresAt, stateExpiresAt, type DeadlineKey, type OnceKey, type Store } from './store.ts'

/**
 * Finds the expired parts of a run log: once-keys, logs, states.
 *
 * @param now the clock, ms since 1970
 */
export function expiredOf (store: Store, now: () => number, retention: Retention): Expired {
  return { isDue: () => isSweepDue(store, now()), sweep: () => sweep(store, now(), retention) }
}

function isSweepDue (store: Store, at: number): boolean {
  const [deadline] = store.deadlines.getKeys({ limit: 1 })
  return deadline !== undefined && deadline[0] <= at
}

function sweep (store: Store, at: number, retention: Retention): void {
  let left = SWEEP_DELETIONS
  for (const deadline of [...store.deadlines.getKeys({ end: [at, '\uffff'], limit: SWEEP_DELETIONS })]) {
    if (left <= 0) return
    left -= handle(store, deadline, at, retention, left)
  }
}

/** Carries out a deadline by `left` deletions at the most. Returns the number of deletions. */
function handle (store: Store, deadline: DeadlineKey, at: number, retention: Retention, left: number): number {
  if (deadline[1] === 'log') return sweepLog(store, deadline, left)
  store.deadlines.remove(deadline)
  if (deadline[1] === 'run') sweepRun(store, deadline[2], deadline[0], at, retention)
  else sweepOnce(store, [deadline[2], deadline[3], deadline[4]], at)
  return 1
}

/** Deletes entries of a log number. The deadline stays until all are gone. */
function sweepLog (store: Store, deadline: DeadlineKey & { 1: 'log' }, left: number): number {
  const keys = [...store.entries.getKeys({ start: [deadline[2], 0], end: [deadline[2], Infinity], limit: left })]
  for (const key of keys) store.entries.remove(key)
  if (keys.length < left) store.deadlines.remove(deadline)
  return keys.length + 1
}

function sweepRun (store: Store, runId: string, deadline: number, at: number, retention: Retention): void {
  const run = store.runs.get(runId)
  if (run === undefined || run.sweepAt !== deadline) return
  if (at >= stateExpiresAt(run, retention)) return forgetRun(store, runId)
  if (at < logExpiresAt(run, retention)) run.sweepAt = logExpiresAt(run, retention)
  else {
    discardLog(store, run.log)
    run.firstSeq = run.lastSeq + 1
    run.bytes = 0
    run.sweepAt = stateExpiresAt(run, retention)
  }
  store.deadlines.put([run.sweepAt, 'run', runId], true)
  store.runs.put(runId, run)
}

function sweepOnce (store: Store, key: OnceKey, at: number): void {
  const once = store.once.get(key)
  if (once !== undefined && at >= once.expiresAt) store.once.remove(key)
}
