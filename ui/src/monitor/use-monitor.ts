import { watchRuns } from '@runcast/client/react'
import { useSyncExternalStore } from 'react'
import { listRuns } from '../api/runs.ts'
import { serverNow } from '../api/server-time.ts'
import type { Session } from '../api/types.ts'
import { RunMonitor, type MonitorView } from './run-monitor.ts'

/** Often enough to look live, and seldom enough for thousands of runs. */
const SHOW_MS = 150

/** How many older runs are asked for at once. */
const PAGE_RUNS = 200

let kept: { readonly person: string, readonly monitor: RunMonitor } | null = null

/** The monitor of a person, as it was left: somebody else must not see it. */
function monitorOf ({ subject, tenant }: Session): RunMonitor {
  const person = JSON.stringify([subject, tenant])
  if (kept?.person !== person) kept = { person, monitor: makeMonitor() }
  return kept.monitor
}

function makeMonitor (): RunMonitor {
  return new RunMonitor({
    watchRuns: (listener) => watchRuns(listener),
    listRuns: (query) => listRuns({ ...query, limit: PAGE_RUNS }),
    now: serverNow,
    soon: (callback) => setTimeout(callback, SHOW_MS)
  })
}

/** Follows the runs that a person may see, for as long as the component is there. */
export function useMonitor (session: Session): { view: MonitorView, loadOlder: RunMonitor['loadOlder'] } {
  const monitor = monitorOf(session)
  return { view: useSyncExternalStore(monitor.subscribe, monitor.view), loadOlder: monitor.loadOlder }
}
