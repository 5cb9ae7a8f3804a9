import { StoreCorruptError } from '../../problems/storage-errors.ts'
import type { ListPage, ListRequest, RunState } from '../run-log.ts'
import type { IndexEntry, RunIndex } from './run-index.ts'

/** The least and the most runs of the list that are looked at in one go. */
const MIN_PIECE = 20
const MAX_PIECE = 100

/** The most runs that are looked at for one page, however few pass the filters. */
const MAX_SCANNED = 1_000

const CURSOR = /^(\d{1,16})-(.+)$/

/**
 * Lists a tenant's runs and mends the list by the states of the runs themselves.
 *
 * @param readRun reads the state of a run; null when it is gone
 * @returns fewer runs than asked for, yet a cursor, when a bounded scan found no more that pass
 * @throws UnavailableError
 */
export async function listRuns (request: ListRequest, index: RunIndex, readRun: (runId: string) => Promise<RunState | null>): Promise<ListPage> {
  const runs: RunState[] = []
  let place = placeOf(request.cursor)
  const piece = Math.min(MAX_PIECE, Math.max(MIN_PIECE, request.limit))
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += piece) {
    const entries = await index.read(request.tenant, place, piece)
    const allowed = entries.filter(({ runId }) => request.allows(runId))
    const states = await statesOf(allowed, request.tenant, index, readRun)
    for (const entry of entries) {
      const state = states.get(entry.runId)
      place = entry
      if (state === undefined || !matches(state, request)) continue
      runs.push(state)
      if (runs.length === request.limit) return { runs, cursor: cursorOf(entry) }
    }
    if (entries.length < piece) return { runs, cursor: null }
  }
  return { runs, cursor: place === null ? null : cursorOf(place) }
}

async function statesOf (entries: readonly IndexEntry[], tenant: string, index: RunIndex, readRun: (runId: string) => Promise<RunState | null>): Promise<Map<string, RunState>> {
  const found = new Map<string, RunState>()
  const gone: IndexEntry[] = []
  await Promise.all(entries.map(async (entry) => {
    const state = await readRun(entry.runId).catch(unlessCorrupt)
    if (state === undefined) return
    if (state === null || state.tenant !== tenant) gone.push(entry)
    else found.set(entry.runId, state)
    if (state !== null && (state.tenant !== tenant || state.updatedAt > entry.ms)) index.note(state.tenant, entry.runId, state.updatedAt)
  }))
  index.forget(tenant, gone)
  return found
}

/** Reads a run, or skips it when it can't be read, so that the others can be listed. */
function unlessCorrupt (error: unknown): undefined {
  if (!(error instanceof StoreCorruptError)) throw error
}

function matches (state: RunState, { status, outcome }: ListRequest): boolean {
  return (status === null || state.status === status) && (outcome === null || state.outcome === outcome)
}

function placeOf (cursor: string | null): IndexEntry | null {
  const [, ms, runId] = CURSOR.exec(cursor ?? '') ?? []
  return ms === undefined || runId === undefined ? null : { ms: Number(ms), runId }
}

function cursorOf ({ ms, runId }: IndexEntry): string {
  return `${ms}-${runId}`
}
