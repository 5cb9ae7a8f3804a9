import { useDeferredValue, useEffect, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { formatClock } from '../format/time.ts'
import { useSession } from '../session/session-context.ts'
import type { Session } from '../api/types.ts'
import { usePageTitle } from '../shell/page-title.ts'
import { ConnectionIndicator } from '../status/connection-indicator.tsx'
import { FilterBar } from './filter-bar.tsx'
import { FirstRun } from './first-run.tsx'
import { countStatuses, readFilter, statusOf, textFilter, writeFilter, type RunFilter } from './run-filter.ts'
import type { MonitorView } from './run-monitor.ts'
import { RunTable } from './run-table.tsx'
import { useMonitor } from './use-monitor.ts'
import classes from './execution-monitor-page.module.css'

/** All runs, live: the last created first. */
export function ExecutionMonitorPage () {
  const { state } = useSession()
  return state.kind === 'signed-in' ? <Monitor session={state.session} /> : null
}

function Monitor ({ session }: { session: Session }) {
  const { view, loadOlder } = useMonitor(session)
  const { known, connection } = view
  useSessionCheck(connection)
  const [query, setQuery] = useSearchParams()
  const filter = readFilter(query)
  const setFilter = (changed: RunFilter) => setQuery(writeFilter(query, changed), { replace: true })
  const text = useDeferredValue(filter.text)
  const found = useMemo(() => known.runs.filter(textFilter(text)), [known.runs, text])
  const counts = useMemo(() => countStatuses(found), [found])
  const shown = useMemo(() => filter.status === null ? found : found.filter((run) => statusOf(run) === filter.status), [found, filter.status])
  const running = counts.get('running') ?? 0
  usePageTitle(running > 0 && filter.text === '' ? `${running} running` : 'Runs')

  return (
    <>
      <div className={classes['top']}>
        <h1 className={classes['title']}>Runs</h1>
        <ConnectionIndicator connection={connection} detail={detailOf(view)} />
      </div>
      {connection === 'denied' && !known.loaded && <p className={classes['notice']}>This session may not see runs: it lacks the scope <code>runs:read</code>.</p>}
      {known.loaded && known.runs.length === 0 && <FirstRun />}
      {known.runs.length > 0 && (
        <>
          <FilterBar filter={filter} counts={counts} total={found.length} isComplete={known.cursors[''] === null} onChange={setFilter} />
          <RunTable key={`${filter.status}\n${text}`} runs={shown} filter={{ status: filter.status, text }} view={view} onClear={() => setFilter({ status: null, text: '' })} loadOlder={loadOlder} />
        </>
      )}
    </>
  )
}

/** As of when the page is, while it is not live. */
function detailOf ({ known, connection, staleSince }: MonitorView): string {
  const isOld = connection === 'reconnecting' || connection === 'stale' || connection === 'denied'
  return isOld && known.loaded && staleSince !== null ? `as of ${formatClock(staleSince)}` : ''
}

/** A refused feed may mean that the session is over. */
function useSessionCheck (connection: MonitorView['connection']): void {
  const { check } = useSession()
  useEffect(() => {
    if (connection === 'denied') check()
  }, [connection, check])
}
