import { Button, Loader } from '@mantine/core'
import { useEffect, useState } from 'react'
import { formatCount, formatNumberOf } from '../format/count.ts'
import { MAX_RUNS, olderThanKnown } from './known-runs.ts'
import { NO_STATUS, type RunFilter } from './run-filter.ts'
import type { MonitorState } from './run-monitor.ts'
import classes from './older-runs.module.css'

/** The number of runs that a search loads before it asks the person whether to go on. */
const SEARCH_RUNS = 2_000

interface OlderRunsProps {
  readonly filter: RunFilter
  readonly state: MonitorState
  /** The number of runs in the list. */
  readonly shown: number
  /** Tells whether the end of the list is in sight. */
  readonly isNear: boolean
  readonly onClear: () => void
  readonly loadOlder: (status: string) => void
}

/** The end of the list: loads older runs when it comes in sight, and says so. */
export function OlderRuns ({ filter, state, shown, isNear, onClear, loadOlder }: OlderRunsProps) {
  const { known, older, connection } = state
  const [limit, setLimit] = useState(known.runs.length + SEARCH_RUNS)
  // The service has no filter for runs without a status.
  const status = filter.status === null || filter.status === NO_STATUS ? '' : filter.status
  const hasMore = olderThanKnown(known, status) !== null
  const isFull = known.runs.length >= MAX_RUNS
  const isSearch = filter.text !== '' || filter.status === NO_STATUS
  const mayGoOn = !isFull && (!isSearch || known.runs.length < limit)
  const goesOn = hasMore && isNear && mayGoOn && older === 'idle' && connection === 'live'
  useEffect(() => {
    if (goesOn) loadOlder(status)
  }, [goesOn, status, loadOlder])

  const isFiltered = filter.status !== null || filter.text !== ''
  return (
    <div className={classes['end']} role='status'>
      {older === 'failed' && <>Older runs could not be loaded. <Button variant='default' size='xs' onClick={() => loadOlder(status)}>Try again</Button></>}
      {older !== 'failed' && hasMore && mayGoOn && connection === 'live' && <><Loader size='xs' /> {shown === 0 ? `Searching ${formatCount(known.runs.length)} runs and older ones …` : 'Loading older runs …'}</>}
      {older !== 'failed' && hasMore && isFull && `The last ${formatCount(MAX_RUNS)} runs are here. Older ones are not shown.`}
      {older !== 'failed' && hasMore && !isFull && !mayGoOn && (
        <>{formatNumberOf(shown, 'match', 'matches')} in the {formatCount(known.runs.length)} runs searched so far. <Button variant='default' size='xs' onClick={() => setLimit(known.runs.length + SEARCH_RUNS)}>Search older runs</Button></>
      )}
      {!hasMore && shown === 0 && isFiltered && <>No run matches. <Button variant='default' size='xs' onClick={onClear}>Show all runs</Button></>}
      {!hasMore && shown > 0 && `${formatNumberOf(shown, 'run')}, all there ${shown === 1 ? 'is' : 'are'}${isFiltered ? ' with this filter' : ''}`}
    </div>
  )
}
