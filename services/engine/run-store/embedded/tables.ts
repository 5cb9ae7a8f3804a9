import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Checkpoint, RunRecord } from '@runcast/engine'
import type { Database, RootDatabase } from 'lmdb'
import { openEnvironment } from '../../../lmdb/environment.ts'

/** The progress of a run. Times are in milliseconds since 1970. */
export interface StoredProgress {
  readonly createdAt: number
  /** The fencing token of the newest attempt; 0 before the first. */
  readonly token: number
  readonly isCancelled: boolean
  /** The time when the run expires; null before its end. */
  readonly expiresAt: number | null
}

/** The engine's tables, in an LMDB file of their own. All reads of one synchronous step see one state. */
export interface Tables {
  readonly root: RootDatabase<unknown, string>
  readonly records: Database<Omit<RunRecord, 'runId'>, string>
  readonly progress: Database<StoredProgress, string>
  /** Checkpoints, numbered from 0 in the order in which their keys were first saved. */
  readonly checkpoints: Database<Checkpoint, [runId: string, number: number]>
  /** The number of a checkpoint by its key. */
  readonly numbers: Database<number, [runId: string, keyHash: string]>
  /** The run that was started under an idempotency key. */
  readonly keys: Database<string, [tenant: string, keyHash: string]>
  /** The runs that are not over, the oldest first. */
  readonly unfinished: Database<true, [createdAt: number, runId: string]>
  readonly deadlines: Database<true, [at: number, runId: string]>
}

/**
 * Opens the tables in `directory`, which must exist.
 *
 * @throws StoreCorruptError when the file is something else, DiskFullError
 */
export async function openTables (directory: string): Promise<Tables> {
  const root = await openEnvironment<unknown>(join(directory, 'engine.mdb'))
  return {
    root,
    records: root.openDB({ name: 'records', encoding: 'json' }),
    progress: root.openDB({ name: 'progress', encoding: 'json' }),
    checkpoints: root.openDB({ name: 'checkpoints', encoding: 'json' }),
    numbers: root.openDB({ name: 'numbers', encoding: 'json' }),
    keys: root.openDB({ name: 'keys', encoding: 'json' }),
    unfinished: root.openDB({ name: 'unfinished' }),
    deadlines: root.openDB({ name: 'deadlines' })
  }
}

/** Finds the progress of a run; null if there is none or it has expired at `at` (ms). */
export function findProgress (tables: Tables, runId: string, at: number): StoredProgress | null {
  const progress = tables.progress.get(runId)
  return progress === undefined || (progress.expiresAt !== null && at >= progress.expiresAt) ? null : progress
}

/** Reads all checkpoints of a run in their order. */
export function checkpointsOf (tables: Tables, runId: string): Checkpoint[] {
  return Array.from(tables.checkpoints.getRange({ start: [runId, 0], end: [runId, Infinity] }), ({ value }) => value)
}

/** Replaces the checkpoint with the same key, or adds one at the end. Needs a write transaction. */
export function putCheckpoint (tables: Tables, runId: string, checkpoint: Checkpoint): void {
  const name: [string, string] = [runId, hash('sha256', checkpoint.key, 'base64url')]
  const number = tables.numbers.get(name) ?? countCheckpoints(tables, runId)
  tables.numbers.put(name, number)
  tables.checkpoints.put([runId, number], checkpoint)
}

function countCheckpoints (tables: Tables, runId: string): number {
  const [last] = tables.checkpoints.getKeys({ start: [runId, Infinity], end: [runId], reverse: true, limit: 1 })
  return last === undefined ? 0 : last[1] + 1
}

/** True if a run has expired at `at` (ms). */
export function hasExpired (tables: Tables, at: number): boolean {
  const [deadline] = tables.deadlines.getKeys({ limit: 1 })
  return deadline !== undefined && deadline[0] <= at
}

/** Removes expired runs from the tables, by about `most` deletions. Needs a write transaction. */
export function removeExpired (tables: Tables, at: number, most: number): void {
  let left = most
  for (const deadline of [...tables.deadlines.getKeys({ end: [at, '\uffff'], limit: most })]) {
    if (left <= 0) return
    const [, runId] = deadline
    const removed = removeCheckpoints(tables, runId, left)
    if (removed === left) return
    left -= removed + 1
    tables.deadlines.remove(deadline)
    forget(tables, runId)
  }
}

/** Removes the rest of an expired run from the tables. Needs a write transaction. */
export function removeRun (tables: Tables, runId: string): void {
  removeCheckpoints(tables, runId, Number.MAX_SAFE_INTEGER)
  const expiresAt = tables.progress.get(runId)?.expiresAt ?? null
  if (expiresAt !== null) tables.deadlines.remove([expiresAt, runId])
  forget(tables, runId)
}

/** True if another run, not expired at `at` (ms), was started under the idempotency key of a run. */
export function isKeyTaken (tables: Tables, runId: string, { tenant, idempotencyKey }: Pick<RunRecord, 'tenant' | 'idempotencyKey'>, at: number): boolean {
  const other = idempotencyKey === null ? undefined : tables.keys.get(keyOf(tenant, idempotencyKey))
  return other !== undefined && other !== runId && findProgress(tables, other, at) !== null
}

/** Notes the idempotency key of a run. Needs a write transaction. */
export function putKey (tables: Tables, runId: string, { tenant, idempotencyKey }: Pick<RunRecord, 'tenant' | 'idempotencyKey'>): void {
  if (idempotencyKey !== null) tables.keys.put(keyOf(tenant, idempotencyKey), runId)
}

function keyOf (tenant: string, idempotencyKey: string): [string, string] {
  return [tenant, hash('sha256', idempotencyKey, 'base64url')]
}

function forget (tables: Tables, runId: string): void {
  const { tenant = '', idempotencyKey = null } = tables.records.get(runId) ?? {}
  if (idempotencyKey !== null && tables.keys.get(keyOf(tenant, idempotencyKey)) === runId) tables.keys.remove(keyOf(tenant, idempotencyKey))
  tables.records.remove(runId)
  tables.progress.remove(runId)
}

/** @returns the number of removed checkpoints: fewer than `most` if none is left */
function removeCheckpoints (tables: Tables, runId: string, most: number): number {
  const numbers = [...tables.checkpoints.getKeys({ start: [runId, 0], end: [runId, Infinity], limit: most })]
  const names = [...tables.numbers.getKeys({ start: [runId, ''], end: [runId, '\uffff'], limit: most })]
  for (const key of numbers) tables.checkpoints.remove(key)
  for (const key of names) tables.numbers.remove(key)
  return Math.max(numbers.length, names.length)
}
