import type { RunSummary } from '@runcast/client/react'
import { outcomeOf } from '@runcast/protocol'

/** The filter of the list of runs. */
export interface RunFilter {
  /** The outcome of finished runs, or the status of others in lower case; null for all. */
  readonly status: string | null
  /** Words that all have to occur; '' for none. */
  readonly text: string
}

/** Stands for runs without a status. */
export const NO_STATUS = 'none'

/** Reads the filter from the query of the page's address. */
export function readFilter (query: URLSearchParams): RunFilter {
  const status = query.get('status')?.toLowerCase() ?? ''
  return { status: status === '' ? null : outcomeOf(status) ?? status, text: query.get('q') ?? '' }
}

/** Writes the filter into a query; its other parameters stay. */
export function writeFilter (query: URLSearchParams, { status, text }: RunFilter): URLSearchParams {
  const written = new URLSearchParams(query)
  set(written, 'status', status ?? '')
  set(written, 'q', text)
  return written
}

function set (query: URLSearchParams, name: string, value: string): void {
  if (value === '') query.delete(name)
  else query.set(name, value)
}

/** Makes a test for runs with all words of a text in their id, name, status or last log line, in any case. */
export function textFilter (text: string): (run: RunSummary) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return () => true
  return (run) => {
    const searched = `${run.run_id}\n${run.name ?? ''}\n${run.status ?? ''}\n${run.last_log ?? ''}`.toLowerCase()
    return words.every((word) => searched.includes(word))
  }
}

/** The outcome of a finished run, the status of any other, as filters and counts name it. */
export function statusOf (run: RunSummary): string {
  return run.outcome ?? run.status ?? NO_STATUS
}

/** Counts the runs of each status. */
export function countStatuses (runs: readonly RunSummary[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const run of runs) counts.set(statusOf(run), (counts.get(statusOf(run)) ?? 0) + 1)
  return counts
}
