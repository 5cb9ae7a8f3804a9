import { seqOf } from '@runcast/protocol'
import type { Run, RunList } from '../../../schemas/runs.ts'
import type { EventStream, Frame } from '../http/event-stream.ts'

/** The state of a feed's client after some frames: the last snapshot, and the updates since. */
export interface WatchedRuns {
  readonly runs: ReadonlyMap<string, Run>
  readonly snapshots: number
  /** The updates in the order in which they came. */
  readonly updates: readonly Run[]
}

/**
 * Reads the frames of a feed as a client does.
 *
 * @throws Error when an update comes before its snapshot, or an older state after a newer one
 */
export function watchedRuns ({ frames }: Pick<EventStream, 'frames'>): WatchedRuns {
  let runs = new Map<string, Run>()
  let snapshots = 0
  const updates: Run[] = []
  for (const frame of frames) {
    if (frame.event === 'runs_snapshot') {
      const list: RunList = JSON.parse(frame.data)
      runs = new Map(list.runs.map((run) => [run.run_id, run]))
      snapshots++
    } else if (frame.event === 'run_updated') {
      const run = runOf(frame)
      const before = runs.get(run.run_id)
      if (snapshots === 0) throw new Error('an update came before the snapshot')
      if (before !== undefined && seqOf(before.last_event_id) > seqOf(run.last_event_id)) throw new Error(`${run.run_id} went back`)
      runs.set(run.run_id, run)
      updates.push(run)
    }
  }
  return { runs, snapshots, updates }
}

/** The run of an update. */
export function runOf (frame: Frame): Run {
  return JSON.parse(frame.data)
}

/** Tells if a frame is the update that brings a run to this event. */
export function isUpdateTo (lastEventId: string | undefined): (frame: Frame) => boolean {
  return (frame) => frame.event === 'run_updated' && runOf(frame).last_event_id === lastEventId
}
