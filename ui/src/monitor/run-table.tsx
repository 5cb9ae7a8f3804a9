import type { RunSummary } from '@runcast/client/react'
import { ArrowUpIcon } from '@primer/octicons-react'
import { FlexRender, useTable, type Row } from '@tanstack/react-table'
import { memo, useRef, useState, type ReactNode } from 'react'
import { serverNow } from '../api/server-time.ts'
import { formatNumberOf } from '../format/count.ts'
import { columns, CurrentRun, features } from './run-columns.tsx'
import { StaleSince } from './run-times.tsx'
import { useCurrentRun } from './use-current-run.ts'
import { useRunRows } from './use-run-rows.ts'
import classes from './run-table.module.css'

/** The age up to which a run is marked as new, in milliseconds. */
const NEW_MS = 5_000

interface RunTableProps {
  readonly runs: readonly RunSummary[]
  /** The time since which the list may be old, in milliseconds since 1970; null while it is live. */
  readonly staleSince: number | null
  /** The run that the keyboard is at; '' for none. */
  readonly chosen: string
  readonly onChoose: (runId: string) => void
  /** Called when the pointer or the focus comes to the rows. */
  readonly onNear: () => void
  /** Stands below the rows. */
  readonly children: (isNearEnd: boolean) => ReactNode
}

/** The list of runs. Only the rows in view are in the page. */
export function RunTable ({ runs, staleSince, chosen, onChoose, onNear, children }: RunTableProps) {
  const body = useRef<HTMLDivElement>(null)
  const table = useTable({ features, columns, data: runs, getRowId: (run) => run.run_id })
  const { rows } = table.getRowModel()
  // One run is always within reach of the Tab key.
  const current = runs.some((run) => run.run_id === chosen) ? chosen : runs[0]?.run_id ?? ''
  const { virtualizer, unseen } = useRunRows(body, runs, current)
  const onKeyDown = useCurrentRun({ body, runs, chosen, current, onChoose })
  const items = virtualizer.getVirtualItems()
  return (
    <StaleSince value={staleSince}>
      <CurrentRun value={current}>
        {unseen > 0 && (
          <button type='button' className={classes['unseen']} onClick={() => window.scrollTo({ top: 0 })}>
            <ArrowUpIcon /> {formatNumberOf(unseen, 'new run')}
          </button>
        )}
        <div role='table' aria-label='Runs' aria-rowcount={rows.length + 1} className={classes['table']}>
          <div role='rowgroup' className={classes['head']}>
            {table.getHeaderGroups().map((group) => (
              <div key={group.id} role='row' aria-rowindex={1} className={classes['columns']}>
                {group.headers.map((header) => <div key={header.id} role='columnheader' data-column={header.id}><FlexRender header={header} /></div>)}
              </div>
            ))}
          </div>
          <div
            ref={body} role='rowgroup' className={classes['body']} style={{ height: virtualizer.getTotalSize() }}
            onKeyDown={onKeyDown} onPointerEnter={onNear} onFocus={onNear}
          >
            {items.map(({ key, index, start }) => {
              const row = rows[index]
              return row === undefined ? null : <RunRow key={key} row={row} index={index} top={start - virtualizer.options.scrollMargin} onFocus={onChoose} />
            })}
          </div>
        </div>
        {children((items.at(-1)?.index ?? -1) >= rows.length - 1 - NEAR_ROWS)}
      </CurrentRun>
    </StaleSince>
  )
}

/** The distance to the end at which older runs are loaded, in rows. */
const NEAR_ROWS = 40

interface RunRowProps {
  readonly row: Row<typeof features, RunSummary>
  readonly index: number
  /** The distance from the top of the list, in pixels. */
  readonly top: number
  readonly onFocus: (runId: string) => void
}

const RunRow = memo(function RunRow ({ row, index, top, onFocus }: RunRowProps) {
  const [isNew] = useState(() => serverNow() - Date.parse(row.original.created_at) < NEW_MS)
  return (
    <div
      role='row'
      aria-rowindex={index + 2}
      className={classes['row']}
      data-new={isNew}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onFocus(row.original.run_id)}
    >
      {row.getAllCells().map((cell) => <div key={cell.id} role='cell' data-column={cell.column.id} className={classes['cell']}><FlexRender cell={cell} /></div>)}
    </div>
  )
}, (before, after) => before.row.original === after.row.original && before.index === after.index && before.top === after.top)
