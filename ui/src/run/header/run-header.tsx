import type { Connection } from '@runcast/client/react'
import { Button, CopyButton, Tooltip } from '@mantine/core'
import { CheckIcon, CopyIcon, HistoryIcon, PlayIcon } from '@primer/octicons-react'
import { msOf, seqOf } from '@runcast/protocol'
import { Link } from 'react-router'
import { formatNumberOf } from '../../format/count.ts'
import { formatAgo, formatFull } from '../../format/time.ts'
import { SilenceNote } from '../../format/silence-note.tsx'
import { useNow } from '../../format/use-now.ts'
import { runPath, workflowPath } from '../../shell/links.ts'
import { ConnectionIndicator } from '../../status/connection-indicator.tsx'
import { StatusBadge } from '../../status/status-icon.tsx'
import { explanationOf, isCurrent, isCutOff } from '../model/connection-state.ts'
import type { RunModelState } from '../model/run-model-state.ts'
import { ElapsedClock } from './elapsed-clock.tsx'
import { RunActions } from './run-actions.tsx'
import { useCheckedNote } from './use-checked-note.ts'
import classes from './run-header.module.css'

export interface RunHeaderProps {
  readonly runId: string
  readonly state: RunModelState
  readonly connection: Connection
  /** The time at which the clock stands still, in milliseconds since 1970; null while it runs. */
  readonly stoppedAt: number | null
  readonly isReplay: boolean
  /** Starts the replay; null without one. */
  readonly onReplay: (() => void) | null
  readonly isReplayLoading: boolean
}

/** The name, the status and the times of a run, and whether the page is up to date. */
export function RunHeader ({ runId, state, connection, stoppedAt, isReplay, onReplay, isReplayLoading }: RunHeaderProps) {
  const { run, newest, phase } = state
  const note = useCheckedNote(state.checked)
  return (
    <header className={classes['header']}>
      <nav className={classes['path']} aria-label='Breadcrumb'><Link to='/'>Runs</Link> <span aria-hidden>/</span></nav>
      <h1 className={classes['name']} title={run.name ?? runId}>{run.name ?? runId}</h1>
      <div className={classes['connection']}>
        {isReplay
          ? <span className={classes['mode']}><HistoryIcon /> Replay</span>
          : <Tooltip label={explanationOf(connection)} multiline w={260}><div><ConnectionIndicator connection={connection} detail={note} /></div></Tooltip>}
      </div>
      <div className={classes['facts']}>
        {phase === 'open' && <StatusBadge run={run} moving={isCurrent(connection)} />}
        <ElapsedClock run={run} stoppedAt={stoppedAt} isCutOff={isCutOff(connection) && !run.terminal && !isReplay} />
        {phase !== 'opening' && <RunId runId={runId} />}
        {run.retryOf !== null && <Link className={classes['fact']} to={runPath(run.retryOf)}>Retry of {run.retryOf}</Link>}
        {run.workflow !== null && <Link className={classes['fact']} to={workflowPath(run.workflow)}>{run.workflow.name} {run.workflow.version}</Link>}
        {!isReplay && <SilenceNote heardAt={run.lastHeardAt === null || run.terminal ? null : Math.max(run.lastHeardAt, msOf(newest))} stoppedAt={stoppedAt} />}
        {run.startedAt !== null && <Started at={run.startedAt} />}
        {phase === 'open' && <span className={classes['fact']}>{formatNumberOf(seqOf(newest), 'event')}</span>}
        {!isReplay && <div className={classes['actions']}><RunActions runId={runId} run={run} /></div>}
        {onReplay !== null && <Button size='compact-sm' variant='default' leftSection={<PlayIcon size={14} />} loading={isReplayLoading} onClick={onReplay}>Replay</Button>}
      </div>
    </header>
  )
}

function Started ({ at }: { at: number }) {
  const now = useNow(null)
  return <time className={classes['fact']} dateTime={new Date(at).toISOString()} title={formatFull(at)}>started {formatAgo(at, now)}</time>
}

function RunId ({ runId }: { runId: string }) {
  return (
    <CopyButton value={runId}>
      {({ copied, copy }) => (
        <button type='button' className={classes['id']} onClick={copy} aria-label={copied ? 'Copied' : `Copy the id of the run: ${runId}`} title='Copy the id'>
          <code>{runId}</code>{copied ? <CheckIcon size={12} /> : <CopyIcon size={12} />}
        </button>
      )}
    </CopyButton>
  )
}
