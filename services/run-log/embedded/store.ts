import { join } from 'node:path'
import type { EventId, Outcome } from '@runcast/protocol'
import type { Database, RootDatabase } from 'lmdb'
import { openEnvironment } from '../../lmdb/environment.ts'
import { StoreCorruptError } from '../../problems/storage-errors.ts'
import { STATE_EXTRA_TTL_SECONDS, type Retention } from '../retention.ts'
import type { StepState } from '../run-log.ts'

/** A stored entry: append time, its predecessor's append time (both ms), event type, payload text. */
export type StoredEntry = [ms: number, prevMs: number, type: string, data: string]

/** The record of a run, written in the transaction of every append. Times in milliseconds since 1970. */
export interface StoredRun {
  tenant: string
  name: string | null
  status: string | null
  terminalId: EventId | null
  /** Absent while the run is not finished, or where the run is older than the field. */
  outcome?: Outcome
  /** The time of the last sign of life, under which the run stands in `Store.heard`. Absent without one. */
  heardAt?: number
  error: string | null
  retryOf: string | null
  /** Absent where the run is older than the field. */
  workflow?: string
  lastLog: string | null
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  counts: Record<string, number>
  /** The number under which the entries are stored. A log that begins again after it expired has another number. */
  log: number
  /** The first and the last retained `seq`; nothing is retained when `firstSeq` is above. */
  firstSeq: number
  lastSeq: number
  /** The append time in the id of the last event. */
  lastMs: number
  /** The last remark of the service and the time of the event before it that was none. Absent without one. */
  remark?: { seq: number, quietSince: number }
  /** The bytes that the retained entries count against `Retention.maxBytes`. */
  bytes: number
  /** The opening of the log that appended last. */
  opening: string
  /** The time at which the log expires, fixed by the appends. Absent where the run is older than the field. */
  expiresAt?: number
  /** The time of the run's one deadline, at which the sweep looks at it. */
  sweepAt: number
}

/** The record of a step. The outcome is absent where the step is older than the field. */
export type StoredStep = Omit<StepState, 'outcome'> & { readonly outcome?: Outcome | null }

/** `count` consecutive ids of one append time, from `<ms>-<seq>` on. */
export type IdSpan = [ms: number, seq: number, count: number]

/** The outcome of an append under a name that is used once. */
export interface StoredOnce {
  readonly bodyHash: string
  readonly ids: readonly IdSpan[]
  readonly expiresAt: number
}

export type OnceKind = 'append' | 'request' | 'event'

export type OnceKey = [runId: string, kind: OnceKind, digest: string]

/** A time for the sweep, and its object: a run, the entries of a log number that nothing names any more, a once-key. */
export type DeadlineKey =
  | [at: number, kind: 'run', runId: string]
  | [at: number, kind: 'log', log: number]
  | [at: number, kind: 'once', ...OnceKey]

/** The tables of the embedded log. All reads of one synchronous step see one state. */
export interface Store {
  readonly root: RootDatabase<number, string>
  readonly runs: Database<StoredRun, string>
  readonly steps: Database<StoredStep[], string>
  readonly entries: Database<StoredEntry, [log: number, seq: number]>
  readonly once: Database<StoredOnce, OnceKey>
  /** Each tenant's runs by last change. */
  readonly index: Database<true, [tenant: string, lastMs: number, runId: string]>
  readonly deadlines: Database<true, DeadlineKey>
  /** The runs that have sent signs of life, by the last one. */
  readonly heard: Database<true, [heardAt: number, runId: string]>
}

const FORMAT = 1

/** The default life of a run when records did not have their end yet, in seconds. */
const FORMER_TTL_SECONDS = 86_400

/**
 * Opens the tables in `directory`, which must exist.
 *
 * @throws StoreCorruptError when the files are not an embedded log of this format, DiskFullError
 */
export async function openStore (directory: string): Promise<Store> {
  const path = join(directory, 'runs.mdb')
  const root = await openEnvironment<number>(path)
  const format = root.get('format')
  if (format !== undefined && format !== FORMAT) {
    await root.close()
    throw new StoreCorruptError(`${path} has format ${format}; this version reads format ${FORMAT} only.`)
  }
  if (format === undefined) root.putSync('format', FORMAT)
  return {
    root,
    runs: root.openDB({ name: 'runs', encoding: 'json' }),
    steps: root.openDB({ name: 'steps', encoding: 'json' }),
    entries: root.openDB({ name: 'entries' }),
    once: root.openDB({ name: 'once', encoding: 'json' }),
    index: root.openDB({ name: 'index' }),
    deadlines: root.openDB({ name: 'deadlines' }),
    heard: root.openDB({ name: 'heard' })
  }
}

/** Writes what is there already, within a transaction: a proof that the file can be written. */
export function touch ({ root }: Store): void {
  root.putSync('format', FORMAT)
}

/**
 * Finds the record of a run as of `at` (ms). It is null when the state has expired and without entries when the log
 * has, even if the sweep has not been there.
 */
export function findRun (store: Store, runId: string, at: number, retention: Retention): StoredRun | null {
  const run = store.runs.get(runId)
  if (run === undefined || at >= stateExpiresAt(run, retention)) return null
  return at >= logExpiresAt(run, retention) ? { ...run, firstSeq: run.lastSeq + 1, bytes: 0 } : run
}

/** The time of the newest event that is no remark of the service, in ms. */
export function quietSince ({ remark, lastSeq, lastMs }: StoredRun): number {
  return remark?.seq === lastSeq ? remark.quietSince : lastMs
}

/** The time at which the log of a run expires, in ms. */
export function logExpiresAt (run: StoredRun, retention: Retention): number {
  // No record says how long an older run was to be kept, so the longer of the likely times counts.
  return run.expiresAt ?? run.lastMs + Math.max(retention.ttlSeconds, FORMER_TTL_SECONDS) * 1000
}

/** The time at which the state of a run expires, in ms. */
export function stateExpiresAt (run: StoredRun, retention: Retention): number {
  return logExpiresAt(run, retention) + STATE_EXTRA_TTL_SECONDS * 1000
}

/**
 * Reads a retained entry.
 *
 * @throws StoreCorruptError when it is not there
 */
export function entryOf (store: Store, run: StoredRun, seq: number): StoredEntry {
  const entry = store.entries.get([run.log, seq])
  if (entry === undefined) throw new StoreCorruptError(`Entry ${seq} of a run log is missing.`)
  return entry
}

/** Takes a log number that was never used in this store. Within a write transaction. */
export function nextLogNumber (store: Store): number {
  const number = (store.root.get('logs') ?? 0) + 1
  store.root.put('logs', number)
  return number
}

/** Takes a run out of the store; the sweep takes its entries. Does nothing when it is not there. */
export function forgetRun (store: Store, runId: string): void {
  const run = store.runs.get(runId)
  if (run === undefined) return
  discardLog(store, run.log)
  store.deadlines.remove([run.sweepAt, 'run', runId])
  store.index.remove([run.tenant, run.lastMs, runId])
  if (run.heardAt !== undefined) store.heard.remove([run.heardAt, runId])
  store.steps.remove(runId)
  store.runs.remove(runId)
}

/** Leaves the entries of a log number to the sweep. */
export function discardLog (store: Store, log: number): void {
  store.deadlines.put([0, 'log', log], true)
}
