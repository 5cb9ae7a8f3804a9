import { AlertFillIcon, DotFillIcon } from '@primer/octicons-react'
import { statusKindOf, type LogLevel } from '@runcast/protocol'
import { memo, type ReactNode } from 'react'
import classes from './log.module.css'
import { formatFull } from '../../format/time.ts'
import { StatusIcon } from '../../status/status-icon.tsx'
import type { LogRow } from '../model/log-rows.ts'
import { piecesOf } from '../model/search-pattern.ts'
import { rowTime, type TimeMode } from './row-times.ts'
import { cssOf } from './text-style.ts'

export interface LogRowProps {
  readonly row: LogRow
  readonly query: string
  readonly isCurrentHit: boolean
  readonly isTarget: boolean
  readonly timeMode: TimeMode
  /** The time at which the run began, in milliseconds since 1970. */
  readonly start: number
}

const MARKS: Readonly<Record<LogLevel, string>> = { trace: 'TRC', debug: 'DBG', info: '', warning: 'WRN', error: 'ERR', critical: 'CRT' }

/** One row of the log. All of its content is shown as text. */
export const LogRowView = memo(function LogRowView ({ row, query, isCurrentHit, isTarget, timeMode, start }: LogRowProps) {
  if (row.kind === 'gap') return <div className={classes['gap']} role='note' data-current={isCurrentHit}><AlertFillIcon size={14} /> <span><RowText row={row} query={query} /></span></div>
  const isFirst = row.part === 0
  return (
    <div className={classes['row']} data-level={row.level} data-kind={row.kind} data-target={isTarget} data-current={isCurrentHit}>
      {isFirst
        ? <a className={classes['time']} data-mode={timeMode} href={`#line=${row.id}`} title={formatFull(row.at)} tabIndex={-1}>{rowTime(row.at, timeMode, start)}</a>
        : <span className={classes['time']} data-mode={timeMode} />}
      <span className={classes['level']}>{isFirst && markOf(row)}</span>
      <span className={classes['text']}><RowText row={row} query={query} /></span>
    </div>
  )
})

/** The mark before a row: its level, unless that is `info`, or `err` for a line of stderr. */
function markOf (row: LogRow): string {
  if (row.level !== 'info') return MARKS[row.level]
  return row.kind === 'line' && row.stream === 'stderr' ? 'err' : ''
}

function RowText ({ row, query }: { row: LogRow, query: string }): ReactNode {
  const pieces = piecesOf(row, query).map(({ text, style, isHit }, index) => {
    if (isHit) return <mark key={index} className={classes['hit']}>{text}</mark>
    return style === null ? text : <span key={index} style={cssOf(style)}>{text}</span>
  })
  if (row.kind === 'status') return <span className={classes['note']}><StatusIcon kind={statusKindOf(row.status)} size={12} /> {pieces}</span>
  if (row.kind === 'result' || row.kind === 'event') return <span className={classes['note']}><DotFillIcon size={12} /> <b>{row.type}</b> {pieces}</span>
  return pieces
}
