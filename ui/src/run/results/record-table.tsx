import { createColumnHelper, createSortedRowModel, FlexRender, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDownIcon, ArrowUpIcon } from '@primer/octicons-react'
import { useMemo, useRef } from 'react'
import { formatNumberOf } from '../../format/count.ts'
import { cellText, compareValues, type RecordTable } from '../model/records.ts'
import classes from './record-table.module.css'

type Record = RecordTable['rows'][number]

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
const helper = createColumnHelper<typeof features, Record>()
const ROW_HEIGHT = 29
const MAX_CELL_CHARACTERS = 300

/** An array of records, sorted by the column that is clicked. */
export default function RecordTableView ({ table: { columns: names, rows: data, moreColumns } }: { table: RecordTable }) {
  const scroller = useRef<HTMLDivElement>(null)
  const columns = useMemo(() => helper.columns(names.map((name, index) => helper.accessor((record) => record[name] ?? undefined, {
    id: String(index),
    header: name,
    cell: ({ getValue }) => <Cell value={getValue()} />,
    sortFn: (one, other, id) => compareValues(one.getValue(id), other.getValue(id)),
    sortUndefined: 'last'
  }))), [names])
  const table = useTable({ features, columns, data })
  const { rows } = table.getRowModel()
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: 10 })
  const items = virtualizer.getVirtualItems()
  const before = items[0]?.start ?? 0
  const after = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0)
  return (
    <div className={classes['frame']}>
      <div ref={scroller} className={classes['scroller']} tabIndex={0} role='region' aria-label='Table of the result'>
        <table className={classes['table']}>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted()
                  return (
                    <th key={header.id} data-number={isNumber(data[0]?.[names[header.index] ?? ''])} aria-sort={sorted === false ? 'none' : sorted === 'asc' ? 'ascending' : 'descending'}>
                      <button type='button' onClick={header.column.getToggleSortingHandler()}>
                        <FlexRender header={header} /> {sorted === 'asc' && <ArrowUpIcon size={12} />}{sorted === 'desc' && <ArrowDownIcon size={12} />}
                      </button>
                    </th>
                  )
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {before > 0 && <tr aria-hidden><td style={{ height: before }} /></tr>}
            {items.map(({ key, index }) => {
              const row = rows[index]
              return row !== undefined && <tr key={key}>{row.getAllCells().map((cell) => <FlexRender key={cell.id} cell={cell} />)}</tr>
            })}
            {after > 0 && <tr aria-hidden><td style={{ height: after }} /></tr>}
          </tbody>
        </table>
      </div>
      <p className={classes['count']}>{formatNumberOf(data.length, 'row')}{moreColumns > 0 && `, ${formatNumberOf(moreColumns, 'more column')} not shown`}</p>
    </div>
  )
}

function Cell ({ value }: { value: unknown }) {
  const text = cellText(value)
  return <td data-number={isNumber(value)} title={text.length > 40 ? text.slice(0, MAX_CELL_CHARACTERS) : undefined}>{text.slice(0, MAX_CELL_CHARACTERS)}</td>
}

function isNumber (value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}
