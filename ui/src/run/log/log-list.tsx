import { measureElement, useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useEffectEvent, useImperativeHandle, useLayoutEffect, useRef, useSyncExternalStore, type ReactNode, type Ref, type RefObject } from 'react'
import type { LogView } from '../model/log-view.ts'
import { LogRowView } from './log-row.tsx'
import type { TimeMode } from './row-times.ts'
import classes from './log.module.css'

/** Moves the list from outside. */
export interface LogListHandle {
  /** Scrolls a place into the middle, unless it is in view. */
  showPlace (place: number): void
  /** Scrolls a place to the top. */
  keepAtTop (place: number): void
  showTop (): void
  showEnd (): void
  /** The place of the first row in view. */
  topPlace (): number
}

export interface LogListProps {
  readonly view: LogView
  readonly handle: Ref<LogListHandle>
  /** Keeps the list at its end as it grows. */
  readonly follows: boolean
  /** Called when the person scrolls to the end, or away from it. */
  readonly onFollow: (follows: boolean) => void
  /** Called when few rows are left above the view. */
  readonly onNearTop: () => void
  /** Called when few rows are left below the view. */
  readonly onNearEnd: () => void
  readonly wraps: boolean
  readonly timeMode: TimeMode
  readonly start: number
  readonly currentHit: number | null
  /** The event whose rows are marked. */
  readonly target: string | null
  /** Stands above the first row. */
  readonly head: ReactNode
}

export const ROW_HEIGHT = 20
const HEAD_HEIGHT = 36
const NEAR_ROWS = 300
const NEAR_END_PX = 24
const SETTLING_FRAMES = 6

/** The rows of a log. Only those in view are in the page. */
export function LogList (props: LogListProps) {
  const { view, follows, wraps } = props
  const scroller = useRef<HTMLDivElement>(null)
  useSyncExternalStore(view.subscribe, view.version)
  const virtualizer = useVirtualizer({
    count: view.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: useCallback((index: number) => view.placeAt(index), [view]),
    measureElement: measureVisible,
    paddingStart: HEAD_HEIGHT,
    overscan: 12,
    anchorTo: 'end',
    scrollEndThreshold: NEAR_END_PX
  })
  const version = view.version()
  useLayoutEffect(() => { if (follows) virtualizer.scrollToEnd() }, [virtualizer, follows, version])
  useListHandle(props.handle, view, virtualizer)
  useNearness(props, virtualizer)
  useFollowing(props, scroller)
  useReappearing(scroller, follows, virtualizer)
  useWrapping(view, virtualizer, wraps, follows)

  const items = virtualizer.getVirtualItems()
  return (
    <div
      ref={scroller} className={classes['scroller']} role='log' aria-label='Log' aria-live='off' tabIndex={0}
      style={{ lineHeight: `${ROW_HEIGHT}px` }}
    >
      <div className={classes['sizer']} data-wrap={wraps} style={{ height: virtualizer.getTotalSize() }}>
        <div className={classes['edge']} style={{ height: HEAD_HEIGHT }}>{props.head}</div>
        <div className={classes['rows']} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map((item) => {
            const row = view.rowAt(item.index)
            return row !== undefined && (
              <div key={item.key} data-index={item.index} ref={wraps || row.kind === 'gap' ? virtualizer.measureElement : undefined}>
                <LogRowView
                  row={row} query={view.query} timeMode={props.timeMode} start={props.start}
                  isCurrentHit={item.key === props.currentHit} isTarget={row.id === props.target}
                />
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

type ListVirtualizer = Virtualizer<HTMLDivElement, Element>

/** The height of a row. A row out of sight has none, and keeps the height that it had. */
const measureVisible: typeof measureElement = (element, entry, virtualizer) => {
  if (element.checkVisibility()) return measureElement(element, entry, virtualizer)
  return virtualizer.itemSizeCache.get(virtualizer.options.getItemKey(virtualizer.indexFromElement(element))) ?? ROW_HEIGHT
}

function useListHandle (handle: Ref<LogListHandle>, view: LogView, virtualizer: ListVirtualizer): void {
  useImperativeHandle(handle, () => ({
    showPlace: (place) => {
      const index = view.indexOf(place)
      const { startIndex = 0, endIndex = -1 } = virtualizer.range ?? {}
      if (index <= startIndex || index >= endIndex) scrollTo(view, virtualizer, place, 'center')
    },
    keepAtTop: (place) => scrollTo(view, virtualizer, place, 'start'),
    showTop: () => virtualizer.scrollToOffset(0),
    showEnd: () => virtualizer.scrollToEnd(),
    topPlace: () => view.placeAt(virtualizer.range?.startIndex ?? 0)
  }), [view, virtualizer])
}

/** Scrolls to a place, and again while rows turn out higher than estimated or come in above. */
function scrollTo (view: LogView, virtualizer: ListVirtualizer, place: number, align: 'start' | 'center'): void {
  let frames = SETTLING_FRAMES
  const settle = () => {
    const [offset] = virtualizer.getOffsetForIndex(view.indexOf(place), align) ?? []
    if (offset !== undefined && Math.abs(offset - (virtualizer.scrollOffset ?? 0)) > 1) virtualizer.scrollToOffset(offset)
    if (--frames > 0) requestAnimationFrame(settle)
  }
  settle()
}

/** Asks for more rows before the person comes to the first or the last one. */
function useNearness ({ view, onNearTop, onNearEnd }: LogListProps, virtualizer: ListVirtualizer): void {
  const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {}
  const isNearTop = startIndex < NEAR_ROWS
  const isNearEnd = endIndex > view.count - NEAR_ROWS
  const version = view.version()
  useEffect(() => {
    if (isNearTop) onNearTop()
    if (isNearEnd) onNearEnd()
  }, [isNearTop, isNearEnd, version, onNearTop, onNearEnd])
}

/** Leaves the end when the person scrolls up, and follows again when they come back to it. */
function useFollowing ({ onFollow }: LogListProps, scroller: RefObject<HTMLDivElement | null>): void {
  const lastTop = useRef(0)
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const scrolled = () => {
      if (element.clientHeight === 0) return
      const distance = element.scrollHeight - element.clientHeight - element.scrollTop
      const isUp = element.scrollTop < lastTop.current
      lastTop.current = element.scrollTop
      if (distance <= NEAR_END_PX) onFollow(true)
      else if (isUp) onFollow(false)
    }
    element.addEventListener('scroll', scrolled, { passive: true })
    return () => element.removeEventListener('scroll', scrolled)
  }, [scroller, onFollow])
}

/** Lays the rows out anew without losing the place where the person reads. */
function useWrapping (view: LogView, virtualizer: ListVirtualizer, wraps: boolean, follows: boolean): void {
  const changed = useEffectEvent(() => {
    const place = view.placeAt(virtualizer.range?.startIndex ?? 0)
    virtualizer.measure()
    if (follows) virtualizer.scrollToEnd()
    else scrollTo(view, virtualizer, place, 'start')
  })
  const laidOut = useRef(wraps)
  useEffect(() => {
    if (laidOut.current === wraps) return
    laidOut.current = wraps
    changed()
  }, [wraps])
}

/** Scrolls a list that was out of sight, as behind another tab, to the end that it follows. */
function useReappearing (scroller: RefObject<HTMLDivElement | null>, follows: boolean, virtualizer: ListVirtualizer): void {
  const reappeared = useEffectEvent(() => { if (follows) virtualizer.scrollToEnd() })
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    let wasHidden = false
    const observer = new ResizeObserver(() => {
      const isHidden = element.clientHeight === 0
      if (wasHidden && !isHidden) reappeared()
      wasHidden = isHidden
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller])
}
