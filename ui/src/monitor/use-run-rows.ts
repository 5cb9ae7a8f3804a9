import type { RunSummary } from '@runcast/client/react'
import { defaultRangeExtractor, useWindowVirtualizer, type Range } from '@tanstack/react-virtual'
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react'
import { insertedBefore } from './inserted-before.ts'

/** The rows beyond the window that are kept ready, also for rows that slide in when new runs come in above. */
const OVERSCAN = 12

/**
 * Chooses the rows that are in the page. When runs come in above the window, the rows in it stay where they are.
 *
 * @param body holds the rows; its `--row-height` in rem is the height of each
 * @param kept the run whose row always stays in the page, so that it keeps the focus
 */
export function useRunRows (body: RefObject<HTMLElement | null>, runs: readonly RunSummary[], kept: string) {
  const { rowHeight, scrollMargin, headHeight } = useMeasures(body)
  const keptIndex = runs.findIndex((run) => run.run_id === kept)
  const virtualizer = useWindowVirtualizer({
    count: runs.length,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollMargin,
    getItemKey: useCallback((index: number) => runs[index]?.run_id ?? index, [runs]),
    rangeExtractor: useCallback((range: Range) => withIndex(defaultRangeExtractor(range), keptIndex), [keptIndex])
  })
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight])

  const [unseen, setUnseen] = useState(0)
  const isScrolled = (virtualizer.scrollOffset ?? 0) > scrollMargin - headHeight
  if (!isScrolled && unseen > 0) setUnseen(0)
  const shownRuns = useRef(runs)
  useLayoutEffect(() => {
    const before = shownRuns.current
    shownRuns.current = runs
    if (before === runs || !isScrolled) return
    const top = before[Math.floor(Math.max(0, (window.scrollY + headHeight - scrollMargin) / rowHeight))]
    const inserted = insertedBefore(before, runs, top?.run_id ?? '')
    if (inserted === 0) return
    window.scrollBy({ top: inserted * rowHeight, behavior: 'instant' })
    setUnseen((count) => Math.max(0, count + inserted))
  }, [runs, isScrolled, rowHeight, scrollMargin, headHeight])
  return { virtualizer, unseen }
}

function withIndex (indexes: number[], index: number): number[] {
  return index === -1 || indexes.includes(index) ? indexes : [...indexes, index].sort((one, other) => one - other)
}

interface Measures {
  /** The height of a row, in pixels. */
  readonly rowHeight: number
  /** The distance from the top of the page to the first row, in pixels. */
  readonly scrollMargin: number
  /** The height of the window that the headers above the rows cover, in pixels. */
  readonly headHeight: number
}

/** Reads the measures that the style sheet gives in this window. */
function useMeasures (body: RefObject<HTMLElement | null>): Measures {
  const [measures, setMeasures] = useState<Measures>({ rowHeight: 44, scrollMargin: 0, headHeight: 0 })
  useLayoutEffect(() => {
    const element = body.current
    if (element === null) return
    const measure = () => {
      const style = getComputedStyle(element)
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
      const rowHeight = parseFloat(style.getPropertyValue('--row-height')) * rem
      const scrollMargin = element.getBoundingClientRect().top + window.scrollY
      const headHeight = parseFloat(style.getPropertyValue('--covered')) * rem
      setMeasures((before) => before.rowHeight === rowHeight && before.scrollMargin === scrollMargin && before.headHeight === headHeight ? before : { rowHeight, scrollMargin, headHeight })
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [body])
  return measures
}
