import type { RunSummary } from '@runcast/client/react'

/**
 * How many more runs there are before a run than there were.
 *
 * @returns less than 0 when there are fewer; 0 also when the run is not in both lists
 */
export function insertedBefore (before: readonly RunSummary[], after: readonly RunSummary[], runId: string): number {
  const was = before.findIndex((run) => run.run_id === runId)
  const is = after.findIndex((run) => run.run_id === runId)
  return was === -1 || is === -1 ? 0 : is - was
}
