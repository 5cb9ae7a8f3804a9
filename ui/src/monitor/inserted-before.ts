import type { RunSummary } from '@runcast/client/react'

/**
 * Counts the runs that were inserted before a run.
 *
 * @returns less than 0 when runs were removed; 0 also when the run is not in both lists
 */
export function insertedBefore (before: readonly RunSummary[], after: readonly RunSummary[], runId: string): number {
  const was = before.findIndex((run) => run.run_id === runId)
  const is = after.findIndex((run) => run.run_id === runId)
  return was === -1 || is === -1 ? 0 : is - was
}
