import { runPagePath } from '@runcast/protocol'
import type { WorkflowName } from '../api/types.ts'

/** The page of a run. */
export function runPath (runId: string): string {
  return runPagePath(runId)
}

/** The page of one version of a workflow. */
export function workflowPath ({ name, version }: WorkflowName): string {
  return `/workflows/${encodeURIComponent(name)}?${new URLSearchParams({ version }).toString()}`
}

/** The login page. @param from the path of this origin to lead back to */
export function loginPath (from: string): string {
  return from === '/' ? '/login' : `/login?${new URLSearchParams({ next: from }).toString()}`
}
