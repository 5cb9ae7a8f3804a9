import { usePageTitle } from '../shell/page-title.ts'

/** One run: what it is doing, what it has produced, why it failed. */
export function RunDetailView ({ runId }: { runId: string }) {
  usePageTitle(runId)
  return <h1>{runId}</h1>
}
