import type { Run, RunList } from '../../schemas/runs.ts'
import { RunNotFoundError } from './errors.ts'
import type { ListPage, RunLog, RunState } from './run-log.ts'

/**
 * Reads the state of a run.
 *
 * @param tenant the tenant of the caller; the runs of other tenants do not exist for it
 * @throws RunNotFoundError, UnavailableError, StoreCorruptError
 */
export async function findRun (log: RunLog, runId: string, tenant: string): Promise<RunState> {
  const state = await log.readRun(runId)
  if (state === null || state.tenant !== tenant) throw new RunNotFoundError()
  return state
}

/** Writes the state of a run in the shape of the interface, with times as RFC 3339. */
export function toRun (state: RunState): Run {
  return {
    run_id: state.runId,
    name: state.name,
    status: state.status,
    outcome: state.outcome,
    terminal: state.terminal,
    last_heard_at: timeOrNull(state.lastHeardAt),
    error: state.error === null ? null : JSON.parse(state.error),
    created_at: time(state.createdAt),
    started_at: timeOrNull(state.startedAt),
    finished_at: timeOrNull(state.finishedAt),
    updated_at: time(state.updatedAt),
    events: state.events,
    counts: state.counts === null ? null : { ...state.counts },
    steps: state.steps.map((step) => ({
      step: step.step,
      name: step.name,
      status: step.status,
      outcome: step.outcome,
      started_at: time(step.startedAt),
      updated_at: time(step.updatedAt),
      finished_at: timeOrNull(step.finishedAt)
    })),
    last_log: state.lastLog,
    first_event_id: state.firstEventId,
    last_event_id: state.lastEventId,
    retry_of: state.retryOf,
    workflow: state.workflow === null ? null : JSON.parse(state.workflow)
  }
}

/** Writes a page of runs in the shape of the interface. */
export function toRunList (page: ListPage): RunList {
  return { runs: page.runs.map(toRun), cursor: page.cursor }
}

function time (ms: number): string {
  return new Date(ms).toISOString()
}

function timeOrNull (ms: number | null): string | null {
  return ms === null ? null : time(ms)
}
