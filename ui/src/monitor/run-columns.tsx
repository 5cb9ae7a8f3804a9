import type { RunSummary } from '@runcast/client/react'
import { createColumnHelper, tableFeatures } from '@tanstack/react-table'
import { createContext, use } from 'react'
import { Link } from 'react-router'
import { formatCount } from '../format/count.ts'
import { SilenceNote } from '../format/silence-note.tsx'
import { runPath } from '../shell/links.ts'
import { StatusBadge } from '../status/status-icon.tsx'
import { lastLine } from './last-line.ts'
import { RunDuration, RunStarted, StaleSince } from './run-times.tsx'
import classes from './run-table.module.css'

/** The run whose link the Tab key reaches. One of thousands is enough: the arrow keys reach the others. */
export const CurrentRun = createContext('')

export const features = tableFeatures({})

const helper = createColumnHelper<typeof features, RunSummary>()

/** The columns of the list of runs. */
export const columns = helper.columns([
  helper.display({ id: 'status', header: 'Status', cell: ({ row }) => <RunStatus run={row.original} /> }),
  helper.display({ id: 'run', header: 'Run', cell: ({ row }) => <RunName run={row.original} /> }),
  helper.display({ id: 'log', header: 'Last log line', cell: ({ row }) => lastLine(row.original.last_log) }),
  helper.display({ id: 'events', header: 'Events', cell: ({ row }) => <EventCount run={row.original} /> }),
  helper.display({ id: 'started', header: 'Started', cell: ({ row }) => <RunStarted run={row.original} /> }),
  helper.display({ id: 'duration', header: 'Duration', cell: ({ row }) => <RunDuration run={row.original} /> })
])

function RunStatus ({ run }: { run: RunSummary }) {
  const staleSince = use(StaleSince)
  return (
    <span className={classes['state']}>
      <StatusBadge run={run} moving={staleSince === null} />
      <SilenceNote heardAt={run.last_heard_at === null || run.terminal ? null : Date.parse(run.last_heard_at)} stoppedAt={staleSince} />
    </span>
  )
}

function RunName ({ run }: { run: RunSummary }) {
  const isCurrent = use(CurrentRun) === run.run_id
  return (
    <Link
      to={runPath(run.run_id)}
      className={classes['link']}
      title={run.name ?? undefined}
      tabIndex={isCurrent ? 0 : -1}
      data-run={run.run_id}
    >
      {run.name !== null && <span className={classes['name']}>{run.name}</span>}
      <span className={classes[run.name === null ? 'name' : 'id']}>{run.run_id}</span>
    </Link>
  )
}

function EventCount ({ run }: { run: RunSummary }) {
  return <>{formatCount(run.events)}<span className={classes['unit']}> {run.events === 1 ? 'event' : 'events'}</span></>
}
