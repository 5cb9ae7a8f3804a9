import { memo } from 'react'
import { formatDuration } from '../../format/duration.ts'
import { formatFull } from '../../format/time.ts'
import { useNow } from '../../format/use-now.ts'
import { StatusIcon, statusLabel } from '../../status/status-icon.tsx'
import { barOf, extentOf, type Extent } from '../model/bars.ts'
import { isWithin } from '../model/row-filter.ts'
import type { StepLine } from '../model/steps.ts'
import classes from './steps.module.css'

export interface StepTimelineProps {
  readonly lines: readonly StepLine[]
  /** Tells whether the run is over, so that no more steps come. */
  readonly isOver: boolean
  /** The step that filters the log; null for none. */
  readonly selected: string | null
  readonly onSelect: (step: string | null) => void
  /** The time at which the clock stands still, in milliseconds since 1970; null while it runs. */
  readonly stoppedAt: number | null
}

/** The steps of a run as bars over time. A click filters the log by a step, another click ends the filter. */
export function StepTimeline ({ lines, isOver, selected, onSelect, stoppedAt }: StepTimelineProps) {
  const now = useNow(stoppedAt)
  if (lines.length === 0) {
    return <p className={classes['empty']}>{isOver ? 'This run named no steps.' : <>No steps yet. They appear when the run sends a <code>status_change</code> with a <code>step</code>.</>}</p>
  }
  const extent = extentOf(lines, now)
  const failed = lines.filter((line) => line.kind === 'failed').length
  return (
    <div className={classes['timeline']}>
      <div className={classes['scale']} aria-hidden><span>0s</span><span>{formatDuration(extent.to - extent.from)}</span></div>
      <ul className={classes['list']} aria-label={failed === 0 ? 'Steps' : `Steps, ${failed} failed`}>
        {lines.map((line) => (
          <StepBar
            key={line.path} line={line} extent={extent} now={line.finishedAt === null ? now : 0} isMoving={stoppedAt === null}
            isSelected={selected === line.path} isOutside={selected !== null && !isWithin(line.path, selected)} onSelect={onSelect}
          />
        ))}
      </ul>
    </div>
  )
}

interface StepBarProps {
  readonly line: StepLine
  readonly extent: Extent
  readonly now: number
  readonly isMoving: boolean
  readonly isSelected: boolean
  readonly isOutside: boolean
  readonly onSelect: (step: string | null) => void
}

const StepBar = memo(function StepBar ({ line, extent, now, isMoving, isSelected, isOutside, onSelect }: StepBarProps) {
  const { left, width } = barOf(line, extent, now)
  const duration = line.kind === 'waiting' ? '' : formatDuration((line.finishedAt ?? now) - line.startedAt, line.finishedAt === null)
  return (
    <li>
      <button
        type='button' className={classes['step']} data-kind={line.kind} data-outside={isOutside} aria-pressed={isSelected}
        title={`${line.path}: ${statusLabel(line.status)}, from ${formatFull(line.startedAt)}`} onClick={() => onSelect(isSelected ? null : line.path)}
      >
        <span className={classes['label']} style={{ paddingLeft: `${Math.min(line.depth, 8) * 0.875}rem` }}>
          <StatusIcon kind={line.kind} moving={isMoving} size={14} />
          <span className={classes['name']}>{line.label}</span>
          <span className={classes['status']}>{line.kind === 'failed' ? statusLabel(line.status) : ''}</span>
        </span>
        <span className={classes['track']} aria-hidden>
          <span className={classes['bar']} style={{ left: `${left}%`, width: `max(${width}%, 3px)` }} />
        </span>
        <span className={classes['duration']}>{duration}</span>
        {line.kind !== 'failed' && <span className={classes['spoken']}>, {statusLabel(line.status)}</span>}
      </button>
    </li>
  )
})
