import type { RunSummary } from '@runcast/client/react'
import { useEffect, useRef, type KeyboardEvent, type RefObject } from 'react'
import { useNavigationType } from 'react-router'
import { useShortcuts } from '../shell/shortcuts.tsx'

interface CurrentRunOptions {
  /** The element that holds the rows. */
  readonly body: RefObject<HTMLElement | null>
  readonly runs: readonly RunSummary[]
  /** The run that the keyboard was moved to; '' for none. */
  readonly chosen: string
  /** The run that the keyboard is at: the chosen one, or the first. */
  readonly current: string
  readonly onChoose: (runId: string) => void
}

const MOVES: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }

/**
 * Lets the keyboard go through the runs: j and k from anywhere, the arrow keys within the list.
 *
 * @returns the list's listener for keys
 */
export function useCurrentRun ({ body, runs, chosen, current, onChoose }: CurrentRunOptions): (event: KeyboardEvent) => void {
  // Going back to the page finds the focus where it was.
  const wanted = useRef(useNavigationType() === 'POP' ? chosen : '')

  const focusWanted = () => {
    const link = wanted.current === '' ? null : body.current?.querySelector<HTMLElement>(`[data-run="${CSS.escape(wanted.current)}"]`)
    if (link === null || link === undefined) return
    wanted.current = ''
    link.focus({ preventScroll: true })
    link.closest('[role="row"]')?.scrollIntoView({ block: 'nearest' })
  }
  // The row of the current run is always in the page, but may have come there just now.
  useEffect(focusWanted)

  const move = (rows: number) => {
    const index = runs.findIndex((run) => run.run_id === current)
    const isInside = body.current?.contains(document.activeElement) === true
    const run = runs[Math.min(Math.max(isInside ? index + rows : index, 0), runs.length - 1)]
    if (run === undefined) return
    wanted.current = run.run_id
    onChoose(run.run_id)
    focusWanted()
  }

  useShortcuts([
    { keys: ['j'], label: 'Next run', group: 'Runs', run: () => move(1) },
    { keys: ['k'], label: 'Previous run', group: 'Runs', run: () => move(-1) }
  ])

  return (event) => {
    const rows = MOVES[event.key]
    if (rows === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    event.preventDefault()
    move(rows)
  }
}
