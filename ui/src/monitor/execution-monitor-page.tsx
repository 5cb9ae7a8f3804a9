import { useDeferredValue, useEffect, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { formatClock } from '../format/time.ts'
import { useSession } from '../session/session-context.ts'
import { usePageTitle } from '../shell/page-title.ts'
import { ConnectionIndicator } from '../status/connection-indicator.tsx'
import { FilterBar } from './filter-bar.tsx'
import { FirstRun } from './first-run.tsx'
import { useMonitor } from './monitor-context.ts'
import { OlderRuns } from './older-runs.tsx'
import { countStatuses, readFilter, statusOf, textFilter, writeFilter, type RunFilter } from './run-filter.ts'
import type { MonitorState } from './run-monitor.ts'
import { RunTable } from './run-table.tsx'
import classes from './execution-monitor-page.module.css'

export interface ExecutionMonitorPageProps {
  /** Called when the pointer or the focus comes to the runs, and one of them may be opened next. */
  readonly onNearRun: () => void
}

/** All runs, live, the last created first. */
export function ExecutionMonitorPage ({ onNearRun }: ExecutionMonitorPageProps) {
  const { monitor, state, current, setCurrent } = useMonitor()
  const { known, connection } = state
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
        <ConnectionIndicator connection={connection} detail={detailOf(state)} />
      </div>
      {!known.loaded && <p className={classes['notice']}>{noticeOf(connection)}</p>}
      {known.loaded && known.runs.length === 0 && <FirstRun />}
      {known.runs.length > 0 && (
        <>
          <FilterBar filter={filter} counts={counts} total={found.length} isComplete={known.cursors[''] === null} onChange={setFilter} />
          <RunTable runs={shown} staleSince={state.staleSince} chosen={current} onChoose={setCurrent} onNear={onNearRun}>
            {(isNearEnd) => (
              <OlderRuns
                key={`${filter.status}\n${text}`}
                filter={{ status: filter.status, text }}
                state={state}
                shown={shown.length}
                isNear={isNearEnd}
                onClear={() => setFilter({ status: null, text: '' })}
                loadOlder={monitor.loadOlder}
              />
            )}
          </RunTable>
        </>
      )}
    </>
  )
}

/** The notice while no runs are known. */
function noticeOf (connection: MonitorState['connection']): string {
  if (connection === 'denied') return 'This session may not see runs: it lacks the scope runs:read.'
  return connection === 'reconnecting' || connection === 'stale' ? 'The service does not answer. Trying again …' : 'Loading runs …'
}

/** The time since which the page may be old; '' while it is live. */
function detailOf ({ known, connection, staleSince }: MonitorState): string {
  const isOld = connection === 'reconnecting' || connection === 'stale'
  return isOld && known.loaded && staleSince !== null ? `as of ${formatClock(staleSince)}` : ''
}

/** A refused feed may mean that the session is over. */
function useSessionCheck (connection: MonitorState['connection']): void {
  const { check } = useSession()
  useEffect(() => {
    if (connection === 'denied') check()
  }, [connection, check])
}
