import { parseCursor } from '@runcast/protocol'
import { useCallback, useEffect, useMemo, useRef, type RefObject } from 'react'
import { useLocation, useNavigate } from 'react-router'
import type { LogView } from '../model/log-view.ts'
import type { RunModel } from '../model/run-model.ts'
import type { LogListHandle } from './log-list.tsx'

/** The line that the page's address names. */
export interface MarkedLine {
  /** The id of the event; null without one. */
  readonly target: string | null
  mark (id: string | null): void
  /** Marks the next event (1) or the one before (-1), from the marked one or from the first in view. */
  markNext (direction: 1 | -1): void
}

/** The event that a fragment such as `#line=1764000000000-42` names; null when it names none. */
export function lineOf (fragment: string): string | null {
  return fragment.startsWith('#line=') ? parseCursor(fragment.slice('#line='.length)) : null
}

/** The marked line of a log, kept in the address. */
export function useMarkedLine (model: RunModel, list: RefObject<LogListHandle | null>): MarkedLine {
  const { log: view } = model
  const { hash, pathname, search } = useLocation()
  const navigate = useNavigate()
  const target = lineOf(hash)
  const shown = useRef(target)
  useEffect(() => {
    if (shown.current === target) return
    shown.current = target
    if (target !== null) model.show(target)
  }, [model, target])

  const mark = useCallback((id: string | null) => {
    navigate({ pathname, search, hash: id === null ? '' : `line=${id}` }, { replace: true, preventScrollReset: true })
  }, [navigate, pathname, search])
  const markNext = useCallback((direction: 1 | -1) => {
    const place = nextEvent(view, target, direction, list.current?.topPlace() ?? 0)
    const row = place === null ? undefined : view.window.at(place)
    if (place === null || row === undefined) return
    mark(row.id)
  }, [view, target, list, mark])
  return useMemo(() => ({ target, mark, markNext }), [target, mark, markNext])
}

function nextEvent (view: LogView, target: string | null, direction: 1 | -1, top: number): number | null {
  if (target === null || !view.window.has(target)) return top
  let index = view.indexOf(view.window.placeOf(target))
  do index += direction
  while (view.rowAt(index) !== undefined && (view.rowAt(index)?.part !== 0 || view.rowAt(index)?.id === target))
  return view.rowAt(index) === undefined ? null : view.placeAt(index)
}
