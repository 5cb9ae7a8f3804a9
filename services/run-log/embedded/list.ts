import { setImmediate } from 'node:timers/promises'
import type { Retention } from '../retention.ts'
import type { ListPage, ListRequest, RunState } from '../run-log.ts'
import { runStateOf } from './run-state.ts'
import { entryOf, findRun, type Store } from './store.ts'

/** A place in a tenant's index, after the run that it names. */
interface Place {
  readonly lastMs: number
  readonly runId: string
}

/** A bounded part of a scan, and where it stopped; null at the end of the index. */
interface Part {
  readonly runs: RunState[]
  readonly next: Place | null
}

/** The most records that one synchronous step reads; the steps of a run count too. */
const STEP_COST = 500

/** The synchronous steps of one request. A page may stay short for it; its cursor goes on. */
const MAX_STEPS_PER_REQUEST = 40

const CURSOR = /^(\d{1,16})-(.+)$/

/**
 * Lists a tenant's runs, the last changed first.
 *
 * @param at the clock, ms since 1970
 * @returns at most `limit` runs, fewer when a bounded scan found no more
 */
export async function listRuns (store: Store, request: ListRequest, at: number, retention: Retention): Promise<ListPage> {
  const runs: RunState[] = []
  let place: Place | null = parseCursor(request.cursor)
  for (let step = 1; ; step++) {
    const part = scan(store, { ...request, limit: request.limit - runs.length }, place, at, retention)
    runs.push(...part.runs)
    place = part.next
    if (place === null || runs.length >= request.limit || step === MAX_STEPS_PER_REQUEST) break
    await setImmediate()
  }
  return { runs, cursor: place === null ? null : `${place.lastMs}-${place.runId}` }
}

/**
 * Reads the state of a run with its steps; null when there is none.
 *
 * @param at the clock, ms since 1970
 */
export function readRun (store: Store, runId: string, at: number, retention: Retention): RunState | null {
  const run = findRun(store, runId, at, retention)
  if (run === null) return null
  const firstMs = run.firstSeq > run.lastSeq ? null : entryOf(store, run, run.firstSeq)[0]
  return runStateOf(runId, run, store.steps.get(runId) ?? [], firstMs)
}

function scan (store: Store, { tenant, status, outcome, limit, allows }: ListRequest, after: Place | null, at: number, retention: Retention): Part {
  const runs: RunState[] = []
  const start = after === null ? [tenant, Infinity] : [tenant, after.lastMs, after.runId]
  let cost = 0
  for (const [, lastMs, runId] of store.index.getKeys({ start, exclusiveStart: true, end: [tenant], reverse: true })) {
    cost += 1
    const run = allows(runId) && (status === null || store.runs.get(runId)?.status === status)
      ? readRun(store, runId, at, retention)
      : null
    if (run !== null && (outcome === null || run.outcome === outcome)) {
      runs.push(run)
      cost += run.steps.length
    }
    if (runs.length >= limit || cost >= STEP_COST) return { runs, next: { lastMs, runId } }
  }
  return { runs, next: null }
}

function parseCursor (cursor: string | null): Place | null {
  const match = CURSOR.exec(cursor ?? '')
  const [, lastMs, runId] = match ?? []
  return lastMs === undefined || runId === undefined ? null : { lastMs: Number(lastMs), runId }
}
