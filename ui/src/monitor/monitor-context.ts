import { watchRuns } from '@runcast/client/react'
import { createContext, use, useSyncExternalStore } from 'react'
import { listRuns } from '../api/runs.ts'
import { serverNow } from '../api/server-time.ts'
import { RunMonitor, type MonitorState } from './run-monitor.ts'

/** Often enough to look live, and seldom enough for thousands of runs. */
const SHOW_MS = 150

/** How often the feed gives a sign of life. */
const HEARTBEAT_MS = 15_000

/** How many older runs are asked for at once. */
const PAGE_RUNS = 200

/** What is kept of the monitor page while a person looks at a run. */
export interface KeptMonitor {
  readonly monitor: RunMonitor
  /** The run that the keyboard is at; '' for none. */
  readonly current: string
  readonly setCurrent: (runId: string) => void
}

export const MonitorContext = createContext<KeptMonitor | null>(null)

/** A monitor of the runs that the person may see. */
export function makeMonitor (): RunMonitor {
  return new RunMonitor({
    watchRuns: (listener) => watchRuns(listener, { heartbeatMs: HEARTBEAT_MS }),
    listRuns: (query) => listRuns({ ...query, limit: PAGE_RUNS }),
    silenceMs: 3 * HEARTBEAT_MS,
    now: serverNow,
    soon: (callback) => setTimeout(callback, SHOW_MS)
  })
}

/** Follows the runs for as long as the component is there. */
export function useMonitor (): KeptMonitor & { readonly state: MonitorState } {
  const kept = use(MonitorContext)
  if (kept === null) throw new Error('useMonitor needs a MonitorProvider around it')
  return { ...kept, state: useSyncExternalStore(kept.monitor.subscribe, kept.monitor.state) }
}
