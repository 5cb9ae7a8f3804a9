import { ActionIcon, Button, TextInput } from '@mantine/core'
import { ChevronDownIcon, ChevronUpIcon, SearchIcon, XIcon } from '@primer/octicons-react'
import { useState, useSyncExternalStore, type KeyboardEvent, type RefObject } from 'react'
import { formatCount } from '../../format/count.ts'
import type { LogView } from '../model/log-view.ts'
import type { Search } from './use-search.ts'
import classes from './toolbar.module.css'

export interface LogSearchProps {
  readonly view: LogView
  readonly search: Search
  readonly field: RefObject<HTMLInputElement | null>
  /** Tells whether there are lines that are not held, and so not searched. */
  readonly isPartial: boolean
  /** Reads the earlier lines, so that they are searched too; null when there are none, or they can not be held. */
  readonly onEarlier: (() => Promise<void>) | null
  /** Reads the later lines in the same way. */
  readonly onLater: (() => Promise<void>) | null
}

/** Searches the log, counts the rows that match, and goes to the next and the previous one. */
export function LogSearch ({ view, search, field, isPartial, onEarlier, onLater }: LogSearchProps) {
  const keyPressed = (event: KeyboardEvent) => {
    if (event.key === 'Enter') search.go(event.shiftKey ? -1 : 1)
    if (event.key !== 'Escape') return
    search.setQuery('')
    field.current?.blur()
  }
  return (
    <div className={classes['search']} role='search'>
      <TextInput
        ref={field} size='xs' className={classes['field']} aria-label='Search the log' placeholder='Search' maxLength={200}
        autoComplete='off' spellCheck={false} leftSection={<SearchIcon size={14} />}
        value={search.query} onChange={(event) => search.setQuery(event.currentTarget.value)} onKeyDown={keyPressed}
        rightSectionWidth={search.query === '' ? 0 : 28}
        rightSection={search.query !== '' && (
          <ActionIcon variant='subtle' color='gray' size='sm' aria-label='Clear the search' onClick={() => search.setQuery('')}><XIcon size={14} /></ActionIcon>
        )}
      />
      {search.query !== '' && <Hits view={view} search={search} isPartial={isPartial} />}
      {search.query !== '' && <More label='Search earlier lines' onRead={onEarlier} />}
      {search.query !== '' && <More label='Search later lines' onRead={onLater} />}
    </div>
  )
}

function Hits ({ view, search, isPartial }: Pick<LogSearchProps, 'view' | 'search' | 'isPartial'>) {
  useSyncExternalStore(view.subscribe, view.version)
  const { hitCount } = view
  const number = search.hit === null ? 0 : view.hitsBefore(search.hit) + 1
  const mayBeMore = view.isSearching || isPartial
  const counted = `${formatCount(hitCount)}${mayBeMore ? '+' : ''}`
  const found = number > 0 ? `${formatCount(number)} of ${counted}` : `${counted} ${hitCount === 1 ? 'line' : 'lines'}`
  return (
    <>
      <span className={classes['hits']} aria-live='polite'>
        {hitCount > 0 ? found : mayBeMore ? 'None so far' : 'No lines'}
      </span>
      <ActionIcon variant='default' size='md' aria-label='Previous hit' disabled={hitCount === 0} onClick={() => search.go(-1)}><ChevronUpIcon /></ActionIcon>
      <ActionIcon variant='default' size='md' aria-label='Next hit' disabled={hitCount === 0} onClick={() => search.go(1)}><ChevronDownIcon /></ActionIcon>
    </>
  )
}

/** Offers to search lines that are not held yet. */
function More ({ label, onRead }: { readonly label: string, readonly onRead: (() => Promise<void>) | null }) {
  const [isReading, setReading] = useState(false)
  if (onRead === null && !isReading) return null
  const read = () => {
    setReading(true)
    onRead?.().finally(() => setReading(false))
  }
  return <Button size='compact-xs' variant='default' className={classes['earlier']} loading={isReading} onClick={read}>{label}</Button>
}
