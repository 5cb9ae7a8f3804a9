import type { RunSummary } from '@runcast/client/react'
import { FlexRender, useTable, type Row } from '@tanstack/react-table'
import { memo, useRef, useState } from 'react'
import { ArrowUpIcon } from '@primer/octicons-react'
import { formatNumberOf } from '../format/count.ts'
import { serverNow } from '../api/server-time.ts'
import { columns, CurrentRun, features } from './run-columns.tsx'
import { OlderRuns } from './older-runs.tsx'
import type { RunFilter } from './run-filter.ts'
import type { MonitorView } from './run-monitor.ts'
import { StaleSince } from './run-times.tsx'
import { useCurrentRun } from './use-current-run.ts'
import { useRunRows } from './use-run-rows.ts'
import classes from './run-table.module.css'

/** A run this young has just appeared, and is pointed out; in milliseconds. */
const NEW_MS = 5_000

interface RunTableProps {
  readonly runs: readonly RunSummary[]
  readonly filter: RunFilter
  readonly view: MonitorView
  readonly onClear: () => void
  readonly loadOlder: (status: string) => void
}

/** The runs, of which only those in view are in the page. */
export function RunTable ({ runs, filter, view, onClear, loadOlder }: RunTableProps) {
  const body = useRef<HTMLDivElement>(null)
  const table = useTable({ features, columns, data: runs, getRowId: (run) => run.run_id })
  const { rows } = table.getRowModel()
  const [chosen, setCurrent] = useState('')
  // One run is always within reach of the Tab key.
  const current = runs.some((run) => run.run_id === chosen) ? chosen : runs[0]?.run_id ?? ''
  const { virtualizer, unseen } = useRunRows(body, runs, current)
  const onKeyDown = useCurrentRun({ body, runs, current, setCurrent, virtualizer })
  const items = virtualizer.getVirtualItems()
  return (
    <StaleSince value={view.staleSince}>
      <CurrentRun value={current}>
        <div role='table' aria-label='Runs' aria-rowcount={rows.length + 1} className={classes['table']}>
          <div role='rowgroup' className={classes['head']}>
            {table.getHeaderGroups().map((group) => (
              <div key={group.id} role='row' aria-rowindex={1} className={classes['columns']}>
                {group.headers.map((header) => <div key={header.id} role='columnheader' data-column={header.id}><FlexRender header={header} /></div>)}
              </div>
            ))}
          </div>
          {unseen > 0 && (
            <button type='button' className={classes['unseen']} onClick={() => window.scrollTo({ top: 0 })}>
              <ArrowUpIcon /> {formatNumberOf(unseen, 'new run')}
            </button>
          )}
          <div ref={body} role='rowgroup' onKeyDown={onKeyDown} className={classes['body']} style={{ height: virtualizer.getTotalSize() }}>
            {items.map(({ key, index, start }) => {
              const row = rows[index]
              return row === undefined ? null : <RunRow key={key} row={row} index={index} top={start - virtualizer.options.scrollMargin} onFocus={setCurrent} />
            })}
          </div>
        </div>
        <OlderRuns
          filter={filter}
          view={view}
          shown={rows.length}
          isNear={(items.at(-1)?.index ?? -1) >= rows.length - 1 - NEAR_ROWS}
          onClear={onClear}
          loadOlder={loadOlder}
        />
      </CurrentRun>
    </StaleSince>
  )
}

/** This many rows before the end, older runs are asked for. */
const NEAR_ROWS = 20

interface RunRowProps {
  readonly row: Row<typeof features, RunSummary>
  readonly index: number
  /** Where it is in the list, in pixels. */
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
