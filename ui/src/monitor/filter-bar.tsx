import { CloseButton, Kbd, TextInput } from '@mantine/core'
import { SearchIcon } from '@primer/octicons-react'
import { statusKindOf } from '@runcast/protocol'
import { useRef } from 'react'
import { formatCount } from '../format/count.ts'
import { useShortcuts } from '../shell/shortcuts.tsx'
import { StatusIcon, statusLabel } from '../status/status-icon.tsx'
import { NO_STATUS, type RunFilter } from './run-filter.ts'
import { orderStatuses } from './status-order.ts'
import classes from './filter-bar.module.css'

interface FilterBarProps {
  readonly filter: RunFilter
  /** The number of runs of each status, among those with the filter's text. */
  readonly counts: ReadonlyMap<string, number>
  readonly total: number
  /** Tells whether the counts are of all runs, not only of those that are loaded. */
  readonly isComplete: boolean
  readonly onChange: (filter: RunFilter) => void
}

/** Filters the runs by status and text, and counts them by status. */
export function FilterBar ({ filter, counts, total, isComplete, onChange }: FilterBarProps) {
  const statuses = orderStatuses([...counts.keys(), ...(filter.status === null ? [] : [filter.status])])
  return (
    <div className={classes['bar']}>
      <div role='group' aria-label='Filter by status' className={classes['statuses']}>
        <StatusButton label='All' count={total} isComplete={isComplete} isChosen={filter.status === null} onChoose={() => onChange({ ...filter, status: null })} />
        {statuses.map((status) => (
          <StatusButton
            key={status}
            status={status}
            label={statusLabel(status === NO_STATUS ? null : status)}
            count={counts.get(status) ?? 0}
            isComplete={isComplete}
            isChosen={filter.status === status}
            onChoose={() => onChange({ ...filter, status: filter.status === status ? null : status })}
          />
        ))}
      </div>
      <SearchField text={filter.text} onChange={(text) => onChange({ ...filter, text })} />
    </div>
  )
}

interface StatusButtonProps {
  readonly status?: string
  readonly label: string
  readonly count: number
  readonly isComplete: boolean
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function StatusButton ({ status, label, count, isComplete, isChosen, onChoose }: StatusButtonProps) {
  return (
    <button type='button' className={classes['status']} aria-pressed={isChosen} onClick={onChoose} title={isComplete ? undefined : 'Only loaded runs are counted; there are older ones.'}>
      {status !== undefined && <StatusIcon kind={statusKindOf(status === NO_STATUS ? null : status)} size={14} />}
      {label}
      <span className={classes['count']}>{formatCount(count)}{!isComplete && '+'}</span>
    </button>
  )
}

function SearchField ({ text, onChange }: { text: string, onChange: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  useShortcuts([{ keys: ['/'], label: 'Search runs', group: 'Runs', run: () => input.current?.select() }])
  return (
    <TextInput
      ref={input}
      className={classes['search']}
      aria-label='Search runs'
      placeholder='Name, id or log line'
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        if (text === '') event.currentTarget.blur()
        else onChange('')
      }}
      leftSection={<SearchIcon />}
      rightSection={text === '' ? <Kbd size='xs' className={classes['key']}>/</Kbd> : <CloseButton size='sm' aria-label='Clear the search' onClick={() => onChange('')} />}
      spellCheck={false}
    />
  )
}
