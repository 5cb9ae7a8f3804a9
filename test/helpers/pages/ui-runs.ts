import type { Run } from '../../../schemas/runs.ts'

/** A run as the service tells of it, changed as wanted. */
export function aRun (changes: Partial<Run> = {}): Run {
  return {
    run_id: 'run-1',
    name: null,
    status: 'running',
    outcome: null,
    terminal: false,
    last_heard_at: null,
    error: null,
    created_at: '2026-01-01T00:00:00.000Z',
    started_at: '2026-01-01T00:00:00.000Z',
    finished_at: null,
    updated_at: '2026-01-01T00:00:00.000Z',
    events: 1,
    counts: { status_change: 1 },
    steps: [],
    last_log: null,
    first_event_id: '1767225600000-1',
    last_event_id: '1767225600000-1',
    retry_of: null,
    workflow: null,
    ...changes
  }
}
