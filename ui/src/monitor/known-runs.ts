import type { RunPage, RunSummary } from '@runcast/client/react'

/** What a page of the monitor knows of the service's runs. */
export interface KnownRuns {
  /** The last created first. */
  readonly runs: readonly RunSummary[]
  /** Asks for older runs of each status ('' for all); null at the end; absent where it begins with the newest. */
  readonly cursors: Readonly<Record<string, string | null>>
  /** Whether the service has told its runs at all. */
  readonly loaded: boolean
}

export const NOTHING_KNOWN: KnownRuns = { runs: [], cursors: {}, loaded: false }

/** No more are held: a page that stays open for weeks forgets its oldest runs. */
export const MAX_RUNS = 20_000

/** The list of runs by their last change may lag behind the runs themselves, by this many milliseconds. */
const LIST_LAG_MS = 5_000

/**
 * Takes in what the service tells on every connection: its last changed runs, and where the older ones are.
 * When more runs may have changed since the last connection than it tells of, what was known is given up.
 */
export function withSnapshot (known: KnownRuns, { runs, cursor }: RunPage): KnownRuns {
  const newestKnown = known.runs.reduce((newest, run) => Math.max(newest, changeTime(run)), -Infinity)
  const oldestTold = runs.reduce((oldest, run) => Math.min(oldest, changeTime(run)), Infinity)
  const continues = known.loaded && oldestTold < newestKnown - LIST_LAG_MS
  if (cursor === null || !continues) return { runs: merge([], runs), cursors: { '': cursor }, loaded: true }
  // What changed after the oldest that is told, and is not told, is gone.
  return { ...known, runs: merge(known.runs.filter((run) => changeTime(run) < oldestTold + LIST_LAG_MS), runs) }
}

/** Takes in runs as they have become, the last state of each last. */
export function withUpdates (known: KnownRuns, updates: readonly RunSummary[]): KnownRuns {
  const runs = merge(known.runs, updates)
  return runs.length <= MAX_RUNS ? { ...known, runs } : { ...known, runs: runs.slice(0, MAX_RUNS), cursors: {} }
}

/** Takes in a page of older runs of a status ('' for all). What is known of a run already is newer. */
export function withPage (known: KnownRuns, status: string, { runs, cursor }: RunPage): KnownRuns {
  const ids = new Set(known.runs.map((run) => run.run_id))
  return {
    ...known,
    runs: merge(known.runs, runs.filter((run) => !ids.has(run.run_id))),
    cursors: { ...known.cursors, [status]: cursor }
  }
}

/**
 * Where older runs of a status ('' for all) are asked for.
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
  // Times of one format sort as texts; the ids keep the order of what began at once.
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1
  return one.run_id < other.run_id ? 1 : -1
}

function changeTime (run: RunSummary): number {
  return Date.parse(run.updated_at)
}
