import type { WorkflowName } from '../api/types.ts'

/** The page of one version of a workflow. */
export function workflowPath ({ name, version }: WorkflowName): string {
  return `/workflows/${encodeURIComponent(name)}?${new URLSearchParams({ version }).toString()}`
}
