import type { RunSummary } from '@runcast/client/react'
import { createContext, use } from 'react'
import { formatDuration } from '../format/duration.ts'
import { formatAgo, formatFull } from '../format/time.ts'
import { useNow } from '../format/use-now.ts'

/** The time since which the list may be old, in milliseconds since 1970; null while it is live. It stops the clocks. */
export const StaleSince = createContext<number | null>(null)

/** The time at which a run began, or was first heard of. */
export function RunStarted ({ run }: { run: RunSummary }) {
  const now = useNow(use(StaleSince))
  const started = run.started_at ?? run.created_at
  const time = Date.parse(started)
  return <time dateTime={started} title={formatFull(time)}>{formatAgo(time, now)}</time>
}

/** The time that a run took, or has taken so far. */
export function RunDuration ({ run }: { run: RunSummary }) {
  if (run.started_at === null) return <span aria-label='not started'>–</span>
  if (run.terminal) return formatDuration(Date.parse(run.finished_at ?? run.updated_at) - Date.parse(run.started_at))
  return <TickingDuration since={Date.parse(run.started_at)} />
}

function TickingDuration ({ since }: { since: number }) {
  const now = useNow(use(StaleSince))
  return formatDuration(now - since, true)
}
