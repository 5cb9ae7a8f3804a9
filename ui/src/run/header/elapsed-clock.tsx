import { StopwatchIcon } from '@primer/octicons-react'
import { formatDuration } from '../../format/duration.ts'
import { useNow } from '../../format/use-now.ts'
import type { RunState } from '../model/run-state.ts'
import classes from './run-header.module.css'

export interface ElapsedClockProps {
  readonly run: RunState
  /** The time at which the clock stands still, in milliseconds since 1970; null while it runs. */
  readonly stoppedAt: number | null
  /** Tells whether it stands still because the page may be old. */
  readonly isCutOff: boolean
}

/** The time that a run takes or took. */
export function ElapsedClock ({ run: { startedAt, finishedAt }, stoppedAt, isCutOff }: ElapsedClockProps) {
  const now = useNow(stoppedAt)
  if (startedAt === null) return null
  return (
    <span className={classes['clock']} data-stopped={isCutOff} title={isCutOff ? 'The clock stands still: this is not live.' : 'Running time'}>
      {isCutOff && <StopwatchIcon size={14} />}
      <span role='timer' aria-label='Running time'>{formatDuration((finishedAt ?? now) - startedAt, finishedAt === null)}</span>
      {isCutOff && ' · not live'}
    </span>
  )
}
