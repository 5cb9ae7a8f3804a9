import { useCallback, useMemo, useState, type RefObject } from 'react'
import type { LogView } from '../model/log-view.ts'
import type { LogListHandle } from './log-list.tsx'

/** A search of the log, and the current hit. */
export interface Search {
  readonly query: string
  /** The place of the current hit; null before the first. */
  readonly hit: number | null
  setQuery (query: string): void
  /** Goes to the next hit (1) or the previous one (-1), from the current one or from the first row in view. It wraps around. */
  go (direction: 1 | -1): void
}

/** Searches a log. */
export function useSearch (view: LogView, list: RefObject<LogListHandle | null>): Search {
  const [query, setText] = useState('')
  const [hit, setHit] = useState<number | null>(null)
  const setQuery = useCallback((text: string) => {
    setText(text)
    setHit(null)
    view.setQuery(text)
  }, [view])
  const go = useCallback((direction: 1 | -1) => {
    const { hitCount } = view
    if (hitCount === 0) return
    const before = hit === null ? view.hitsBefore(list.current?.topPlace() ?? 0) - (direction === 1 ? 1 : 0) : view.hitsBefore(hit)
    const next = view.hitAt((before + direction + hitCount) % hitCount)
    if (next === undefined) return
    setHit(next)
    list.current?.showPlace(next)
  }, [view, list, hit])
  return useMemo(() => ({ query, hit, setQuery, go }), [query, hit, setQuery, go])
}
