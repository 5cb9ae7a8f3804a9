import { useMemo, type RefObject } from 'react'
import { useShortcuts } from '../../shell/shortcuts.tsx'
import type { LogListHandle } from './log-list.tsx'
import type { Search } from './use-search.ts'

export interface LogActions {
  readonly field: RefObject<HTMLInputElement | null>
  readonly list: RefObject<LogListHandle | null>
  readonly search: Search
  readonly toggleFollow: () => void
  readonly follow: () => void
  readonly toggleWrap: () => void
  readonly nextTimeMode: () => void
  readonly markNext: (direction: 1 | -1) => void
}

/** Adds the shortcuts of a log. */
export function useLogShortcuts ({ field, list, search, toggleFollow, follow, toggleWrap, nextTimeMode, markNext }: LogActions): void {
  useShortcuts(useMemo(() => [
    { group: 'Log', keys: ['/'], label: 'Search', run: () => { field.current?.focus(); field.current?.select() } },
    { group: 'Log', keys: ['n'], label: 'Next hit', run: () => search.go(1) },
    { group: 'Log', keys: ['N'], label: 'Previous hit', run: () => search.go(-1) },
    { group: 'Log', keys: ['j'], label: 'Mark the next line', run: () => markNext(1) },
    { group: 'Log', keys: ['k'], label: 'Mark the line before', run: () => markNext(-1) },
    { group: 'Log', keys: ['g'], label: 'To the top', run: () => list.current?.showTop() },
    { group: 'Log', keys: ['G'], label: 'To the end', run: follow },
    { group: 'Log', keys: ['f'], label: 'Follow, or stop following', run: toggleFollow },
    { group: 'Log', keys: ['w'], label: 'Wrap lines', run: toggleWrap },
    { group: 'Log', keys: ['t'], label: 'Change the time stamps', run: nextTimeMode }
  ], [field, list, search, toggleFollow, follow, toggleWrap, nextTimeMode, markNext]))
}
