import type { RunPage, RunSummary } from '@runcast/client/react'

/** The runs that the monitor page knows. */
export interface KnownRuns {
  /** The last created first. */
  readonly runs: readonly RunSummary[]
  /** The cursor to older runs of each status ('' for all); null at the end, absent before the first page. */
  readonly cursors: Readonly<Record<string, string | null>>
  /** Tells whether the service has sent its runs at all. */
  readonly loaded: boolean
}

export const NOTHING_KNOWN: KnownRuns = { runs: [], cursors: {}, loaded: false }

/** The most runs that are held: a page that stays open for weeks forgets its oldest runs. */
export const MAX_RUNS = 20_000

/** The time by which the list of runs by their last change may lag behind the runs, in milliseconds. */
const LIST_LAG_MS = 5_000

/**
 * Takes in the snapshot that begins every connection: the last changed runs, and the cursor to older ones.
 * Older knowledge is dropped when more runs may have changed since the last connection than the snapshot has.
 */
export function withSnapshot (known: KnownRuns, { runs, cursor }: RunPage): KnownRuns {
  const newestKnown = known.runs.reduce((newest, run) => Math.max(newest, changeTime(run)), -Infinity)
  const oldestTold = runs.reduce((oldest, run) => Math.min(oldest, changeTime(run)), Infinity)
  const continues = known.loaded && oldestTold < newestKnown - LIST_LAG_MS
  if (cursor === null || !continues) return { runs: merge([], runs), cursors: { '': cursor }, loaded: true }
  // A run that changed after the oldest in the snapshot, and is not in it, is gone.
  return { ...known, runs: merge(known.runs.filter((run) => changeTime(run) < oldestTold + LIST_LAG_MS), runs) }
}

/** Takes in changed runs. Of several states of a run the last one wins. */
export function withUpdates (known: KnownRuns, updates: readonly RunSummary[]): KnownRuns {
  const runs = merge(known.runs, updates)
  return runs.length <= MAX_RUNS ? { ...known, runs } : { ...known, runs: runs.slice(0, MAX_RUNS), cursors: {} }
}

/** Takes in a page of older runs of a status ('' for all). A run that is known already is newer. */
export function withPage (known: KnownRuns, status: string, { runs, cursor }: RunPage): KnownRuns {
  const ids = new Set(known.runs.map((run) => run.run_id))
  return {
    ...known,
    runs: merge(known.runs, runs.filter((run) => !ids.has(run.run_id))),
    cursors: { ...known.cursors, [status]: cursor }
  }
}

/**
 * The cursor to older runs of a status ('' for all).
 *
 * @returns undefined for the first page, null when all are known
 */
export function olderThanKnown (known: KnownRuns, status: string): string | null | undefined {
  return known.cursors[''] === null ? null : known.cursors[status]
}

function merge (known: readonly RunSummary[], told: readonly RunSummary[]): RunSummary[] {
  const runs = new Map(known.map((run) => [run.run_id, run]))
  for (const run of told) runs.set(run.run_id, run)
  return [...runs.values()].sort(lastCreatedFirst)
}

function lastCreatedFirst (one: RunSummary, other: RunSummary): number {
  // Times of one format sort as texts. The ids order runs of the same time.
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1
  return one.run_id < other.run_id ? 1 : -1
}

function changeTime (run: RunSummary): number {
  return Date.parse(run.updated_at)
}
