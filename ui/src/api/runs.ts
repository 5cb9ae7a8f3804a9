import { runPath, type Outcome } from '@runcast/protocol'
import { request } from './request.ts'
import type { EventPage, EventPageQuery, Run, RunList } from './types.ts'

export interface RunListQuery {
  /** Only runs with this status. */
  readonly status?: string | undefined
  /** Only runs with this outcome. */
  readonly outcome?: Outcome | undefined
  /** The most runs of the page, up to 500. */
  readonly limit?: number | undefined
  /** The cursor that the page before gave. */
  readonly cursor?: string | undefined
}

/** Reads a page of runs, the last changed first. @throws ApiError */
export function listRuns (query: RunListQuery, signal?: AbortSignal): Promise<RunList> {
  return request('/workflow-runs', { query: { ...query }, ...(signal === undefined ? {} : { signal }) })
}

/** Reads the state of one run. @throws ApiError `run_not_found` with status 404, and others */
export function getRun (runId: string, signal?: AbortSignal): Promise<Run> {
  return request(`/${runPath(runId)}`, signal === undefined ? {} : { signal })
}

/** Reads a page of a run's log, in the order of the log. Long integers in payloads are BigInts. @throws ApiError */
export function listEvents (runId: string, query: EventPageQuery, signal?: AbortSignal): Promise<EventPage> {
  return request(`/${runPath(runId)}/events`, { query: { ...query }, exact: true, ...(signal === undefined ? {} : { signal }) })
}
