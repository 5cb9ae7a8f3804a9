import { randomInt } from 'node:crypto'
import { joinEventId, msOf } from '@runcast/protocol'
import { RunNotFoundError } from '../errors.ts'
import type { Retention } from '../retention.ts'
import type { AppendRequest, AppendResult, LogEvent } from '../run-log.ts'
import { findRepeated, planEvents, remember, type FreshEvent } from './once.ts'
import { isSilent } from './alive.ts'
import { applyEvent } from './run-state.ts'
import { discardLog, entryOf, findRun, forgetRun, logExpiresAt, nextLogNumber, quietSince, type Store, type StoredRun } from './store.ts'

/** The most events that one append trims, so that other work waits some tens of milliseconds for it. */
const MAX_TRIM = 10_000

/** The surroundings of an append. */
export interface AppendContext {
  readonly retention: Retention
  /** The clock, ms since 1970. */
  readonly at: number
  /** The name of this opening of the log. A run that another opening wrote to last counts as moved to another server. */
  readonly opening: string
}

/** The outcome of an append: its result, and the events that are new. */
export interface Appended {
  readonly result: AppendResult
  readonly events: readonly LogEvent[]
}

/**
 * Carries an append out, within a write transaction.
 *
 * @returns null when the run is not silent for as long as the request demands
 * @throws RunNotFoundError, IdempotencyConflictError, StoreCorruptError, before anything is written
 */
export function append (store: Store, request: AppendRequest, context: AppendContext): Appended | null {
  const { runId, tenant } = request
  const before = findRun(store, runId, context.at, context.retention)
  if (before !== null && before.tenant !== tenant) throw new RunNotFoundError()
  if (request.remark !== undefined && !takesRemark(before, request.remark.withinMs, context.at)) throw new RunNotFoundError()
  const repeated = findRepeated(store, request, context.at)
  if (repeated !== null) return { result: { ids: repeated, duplicate: true, run: standingOf(before) }, events: [] }
  if (request.ifSilentMs !== undefined && (before === null || !isSilent(before, context.at, request.ifSilentMs))) return null

  const run = before ?? newRun(tenant, context.at)
  const { lastMs, lastSeq } = run
  const ms = nextMs(run, context)
  const { ids, fresh } = planEvents(store, request, (index) => joinEventId(ms, lastSeq + 1 + index), context.at)
  if (fresh.length > 0) {
    if (before === null) forgetRun(store, runId)
    appendEvents(store, request, run, fresh, ms, context)
  }
  remember(store, request, ids, fresh, context.at)
  let last = joinEventId(lastMs, lastSeq)
  const events = fresh.map(({ id, event: { type, data } }) => {
    const prev = last
    last = id
    return { id, prev, type, data }
  })
  return { result: { ids, duplicate: fresh.length === 0, run: standingOf(run) }, events }
}

function standingOf (run: StoredRun | null): AppendResult['run'] {
  return { status: run?.status ?? null, terminal: (run?.terminalId ?? null) !== null }
}

/** A remark is for a run that followers can still read and have not seen the end of. */
function takesRemark (run: StoredRun | null, withinMs: number, at: number): boolean {
  if (run === null || run.firstSeq > run.lastSeq) return false
  return run.terminalId === null || at < msOf(run.terminalId) + withinMs
}

function newRun (tenant: string, at: number): StoredRun {
  return {
    tenant,
    name: null,
    status: null,
    terminalId: null,
    error: null,
    retryOf: null,
    lastLog: null,
    createdAt: at,
    startedAt: null,
    finishedAt: null,
    counts: {},
    log: 0,
    firstSeq: 1,
    lastSeq: 0,
    lastMs: 0,
    bytes: 0,
    opening: '',
    expiresAt: 0,
    sweepAt: 0
  }
}

/** The time of an append. After a change of server it leaps by chance, so that two histories do not give one id to two events. */
function nextMs ({ lastMs, lastSeq, opening }: StoredRun, context: AppendContext): number {
  const ms = Math.max(context.at, lastMs)
  return lastSeq === 0 || opening === context.opening ? ms : ms + 1 + randomInt(1000)
}

function appendEvents (store: Store, { runId, remark }: AppendRequest, run: StoredRun, fresh: readonly FreshEvent[], ms: number, context: AppendContext): void {
  const before = { ...run }
  const hasSteps = fresh.some(({ event }) => event.effect?.step !== undefined)
  const steps = hasSteps ? store.steps.get(runId) ?? [] : []
  for (const { event, id } of fresh) applyEvent(run, steps, event, ms, id)
  run.lastSeq += fresh.length
  // A remark does not prolong the life of the run.
  const livesUntil = remark === undefined ? context.at + context.retention.ttlSeconds * 1000 : 0
  run.expiresAt = Math.max(logExpiresAt(before, context.retention), livesUntil)
  if (remark !== undefined) run.remark = { seq: run.lastSeq, quietSince: quietSince(before) }
  run.lastMs = ms
  run.opening = context.opening
  trim(store, run, fresh, context.retention)
  // Everything before this line only reads, so that a fault refuses this append and no other of the transaction.
  if (before.firstSeq > before.lastSeq) beginLog(store, runId, run, context.retention)
  for (let seq = before.firstSeq; seq <= before.lastSeq && seq < run.firstSeq; seq++) store.entries.remove([run.log, seq])
  for (const [index, { event }] of fresh.entries()) {
    const seq = before.lastSeq + 1 + index
    if (seq >= run.firstSeq) store.entries.put([run.log, seq], [ms, index === 0 ? before.lastMs : ms, event.type, event.data])
  }
  store.index.remove([run.tenant, before.lastMs, runId])
  store.index.put([run.tenant, run.lastMs, runId], true)
  if (hasSteps) store.steps.put(runId, steps)
  store.runs.put(runId, run)
}

/**
 * Trims the front of the log to its bounds. The newest event always stays. Several appends are needed after a bound
 * was lowered, or where one event takes the space of very many.
 */
function trim (store: Store, run: StoredRun, fresh: readonly FreshEvent[], { maxEvents, maxBytes }: Retention): void {
  const firstFreshSeq = run.lastSeq - fresh.length + 1
  for (const { event } of fresh) run.bytes += bytesOf(event.type, event.data)
  const end = Math.min(run.lastSeq, run.firstSeq + MAX_TRIM)
  while (run.firstSeq < end && (run.lastSeq - run.firstSeq >= maxEvents || run.bytes > maxBytes)) {
    const front = fresh[run.firstSeq - firstFreshSeq]
    if (front !== undefined) run.bytes -= bytesOf(front.event.type, front.event.data)
    else {
      const [,, type, data] = entryOf(store, run, run.firstSeq)
      run.bytes -= bytesOf(type, data)
    }
    run.firstSeq += 1
  }
}

/** The bytes that an event counts against `Retention.maxBytes`. */
function bytesOf (type: string, data: string): number {
  return Buffer.byteLength(type) + Buffer.byteLength(data)
}

/** Puts the coming entries under a new number and sets the run's deadline. Earlier entries are left to the sweep. */
function beginLog (store: Store, runId: string, run: StoredRun, retention: Retention): void {
  if (run.log !== 0) discardLog(store, run.log)
  run.log = nextLogNumber(store)
  store.deadlines.remove([run.sweepAt, 'run', runId])
  run.sweepAt = logExpiresAt(run, retention)
  store.deadlines.put([run.sweepAt, 'run', runId], true)
}
