import type { ListPage, RunState } from '../run-log/run-log.ts'
import { toRun, toRunList } from '../run-log/runs.ts'
import { encodeFrame } from '../sse/encoder.ts'

/** The frame of the newest page of runs. It replaces all that a client has. */
export function snapshotFrame (page: ListPage): string {
  return encodeFrame({ event: 'runs_snapshot', data: JSON.stringify(toRunList(page)) })
}

/** The frame of a run's present state. */
export function updateFrame (state: RunState): string {
  return encodeFrame({ event: 'run_updated', data: JSON.stringify(toRun(state)) })
}
