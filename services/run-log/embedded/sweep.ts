import { setTimeout } from 'node:timers/promises'
import type { Retention } from '../run-log.ts'
import { discardLog, forgetRun, logExpiresAt, stateExpiresAt, type DeadlineKey, type OnceKey, type Store } from './store.ts'
import type { Writer } from './writer.ts'

/** The deletions of one sweep at the most, so that appends wait a few milliseconds for it. */
const SWEEP_DELETIONS = 2_000

/** How often the sweep looks for what has expired. */
const SWEEP_INTERVAL_MS = 500

/**
 * Deletes what has expired, in the background and in bounded parts: names of what was done once, logs, states.
 *
 * @param now the clock, ms since 1970
 * @returns stops it
 */
export function startSweeping (store: Store, writer: Writer, now: () => number, retention: Retention): () => void {
  const stop = new AbortController()
  const { signal } = stop

  async function sweepAll (): Promise<void> {
    while (!signal.aborted && isSweepDue(store, now())) {
      await writer.write({ apply: () => sweep(store, now(), retention), bytes: SWEEP_DELETIONS * 100, growing: false })
    }
  }

  async function keepSweeping (): Promise<void> {
    while (!signal.aborted) {
      try {
        await setTimeout(SWEEP_INTERVAL_MS, undefined, { ref: false, signal })
        await sweepAll()
      } catch {
        // Stopped; or the store can't be written, which shows in appends, and the next round tries again.
      }
    }
  }

  keepSweeping()
  return () => stop.abort()
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

/** Does what a deadline asks for, by `left` deletions at the most; gives how many it took. */
function handle (store: Store, deadline: DeadlineKey, at: number, retention: Retention, left: number): number {
  if (deadline[1] === 'log') return sweepLog(store, deadline, left)
  store.deadlines.remove(deadline)
  if (deadline[1] === 'run') sweepRun(store, deadline[2], deadline[0], at, retention)
  else sweepOnce(store, [deadline[2], deadline[3], deadline[4]], at)
  return 1
}

/** The deadline stays until all entries are gone. */
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
