import { watchRuns } from '@runcast/client/react'
import { createContext, use, useSyncExternalStore } from 'react'
import { BASE_PATH } from '../api/base-path.ts'
import { listRuns } from '../api/runs.ts'
import { serverNow } from '../api/server-time.ts'
import { RunMonitor, type MonitorState } from './run-monitor.ts'

/** The time for which changes are collected, in milliseconds: short enough to look live, long enough for thousands of runs. */
const SHOW_MS = 150

/** The time between two heartbeats of the feed, in milliseconds. */
const HEARTBEAT_MS = 15_000

/** The number of older runs in one request. */
const PAGE_RUNS = 200

/** The state of the monitor page that stays while a run's page is shown. */
export interface KeptMonitor {
  readonly monitor: RunMonitor
  /** The run that the keyboard is at; '' for none. */
  readonly current: string
  readonly setCurrent: (runId: string) => void
}

export const MonitorContext = createContext<KeptMonitor | null>(null)

/** Makes a monitor of the runs that the person may see. */
export function makeMonitor (): RunMonitor {
  return new RunMonitor({
    watchRuns: (listener) => watchRuns(listener, { url: BASE_PATH, heartbeatMs: HEARTBEAT_MS }),
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
