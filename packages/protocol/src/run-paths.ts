/** Writes the path of a run's resources, to stand after `/api/v1/`. Every character that an id may have is safe in it. */
export function runPath (runId: string): string {
  return `workflow-runs/${encodeURIComponent(runId)}`
}

/** Writes the path of a run's page. */
export function runPagePath (runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`
}
