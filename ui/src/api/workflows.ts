import { runPath } from '@runcast/protocol'
import { request } from './request.ts'
import type { StartedRun, StartRun, WorkflowDetail, WorkflowList } from './types.ts'

/** Lists the workflows that can be run. @throws ApiError */
export function listWorkflows (signal: AbortSignal): Promise<WorkflowList> {
  return request('/workflows', { signal })
}

/** Reads one workflow; its highest version when none is given. @throws ApiError `workflow_not_found` and others */
export function getWorkflow (name: string, version: string | null, signal: AbortSignal): Promise<WorkflowDetail> {
  return request(`/workflows/${encodeURIComponent(name)}`, { query: { version: version ?? undefined }, signal })
}

/** Starts a run. @throws ApiError with status 422 and faults when the input does not fit, and others */
export function startRun (body: StartRun): Promise<StartedRun> {
  return request('/workflow-runs', { method: 'POST', body })
}

/** Asks for the end of a run. @throws ApiError */
export function cancelRun (runId: string): Promise<unknown> {
  return request(`/${runPath(runId)}/cancel`, { method: 'POST', body: {} })
}

/** Repeats a finished run from its last checkpoint. @throws ApiError */
export function retryRun (runId: string): Promise<StartedRun> {
  return request(`/${runPath(runId)}/retry`, { method: 'POST', body: {} })
}
