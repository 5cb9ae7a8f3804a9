import { Button } from '@mantine/core'
import { useLocalStorage, useMediaQuery } from '@mantine/hooks'
import { ArrowDownIcon } from '@primer/octicons-react'
import { seqOf, type LogLevel } from '@runcast/protocol'
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from 'react'
import classes from './log.module.css'
import { formatNumberOf } from '../../format/count.ts'
import type { LogRow } from '../model/log-rows.ts'
import { shownText } from '../model/log-text.ts'
import type { LogView } from '../model/log-view.ts'
import type { RowFilter } from '../model/row-filter.ts'
import type { RunModelState } from '../model/run-model-state.ts'
import type { RunModel } from '../model/run-model.ts'
import type { StepLine } from '../model/steps.ts'
import { LineBar } from './line-bar.tsx'
import { LogHead } from './log-head.tsx'
import { LogList, type LogListHandle } from './log-list.tsx'
import { LogSearch } from './log-search.tsx'
import { LogToolbar } from './log-toolbar.tsx'
import type { TimeMode } from './row-times.ts'
import { useLogShortcuts } from './use-log-shortcuts.ts'
import { useMarkedLine } from './use-marked-line.ts'
import { useSearch } from './use-search.ts'

export interface LogPanelProps {
  readonly model: RunModel
  readonly state: RunModelState
  readonly isReplay: boolean
  readonly steps: readonly StepLine[]
  /** The step whose rows alone are shown; null for all. */
  readonly step: string | null
  readonly onStep: (step: string | null) => void
  readonly downloadUrl: string
  /** Shown while there are no rows. */
  readonly emptyText: string
}

const NEXT_TIME_MODE: Readonly<Record<TimeMode, TimeMode>> = { clock: 'elapsed', elapsed: 'none', none: 'clock' }

/** The log of a run, with its tools. */
export function LogPanel ({ model, state, isReplay, steps, step, onStep, downloadUrl, emptyText }: LogPanelProps) {
  const { log: view, reader } = model
  const list = useRef<LogListHandle>(null)
  const field = useRef<HTMLInputElement>(null)
  const [wantsEnd, setWantsEnd] = useState(true)
  // The last row that is held may not be the end of the log.
  const follows = wantsEnd && state.reader.isAtEnd
  const [level, setLevel] = useState<LogLevel>('trace')
  const { wraps, toggleWrap, timeMode, nextTimeMode } = useLook()
  const search = useSearch(view, list)
  const { target, mark, markNext } = useMarkedLine(model, list)

  useFilter(view, list, { level, step }, follows)
  useFocus(state.focus, view, list, setWantsEnd)
  const [wasReplay, setWasReplay] = useState(isReplay)
  if (wasReplay !== isReplay) {
    setWasReplay(isReplay)
    setWantsEnd(isReplay)
  }

  const follow = useCallback(async () => {
    setWantsEnd(true)
    await model.showEnd()
    list.current?.showEnd()
  }, [model])
  const toggleFollow = useCallback(() => { if (follows) setWantsEnd(false); else follow() }, [follows, follow])
  const scrolled = useCallback((toEnd: boolean) => { if (!toEnd || reader.state.isAtEnd) setWantsEnd(toEnd) }, [reader])
  // With few rows both ends are in sight: rows are read only while none must be dropped for them.
  const isFiltered = level !== 'trace' || step !== null
  const wantEarlier = useCallback(() => { if (!isFiltered || reader.hasRoom) reader.readEarlier() }, [reader, isFiltered])
  const retry = useCallback(() => { reader.retry() }, [reader])
  const wantAll = useCallback(() => reader.readAllEarlier(), [reader])
  const wantRest = useCallback(() => reader.readAllLater(), [reader])
  const wantLater = useCallback(() => { if (!isFiltered || reader.hasRoom) reader.readLater() }, [reader, isFiltered])
  const { hasRoom } = reader
  const unsearched = {
    isPartial: state.reader.earlier !== 'none' || !state.reader.isAtEnd,
    onEarlier: state.reader.earlier === 'none' || !hasRoom ? null : wantAll,
    onLater: state.reader.isAtEnd || !hasRoom || state.phase !== 'open' ? null : wantRest
  }
  useFallingBehind(state.timesBehind, wantsEnd, follow)
  useLogShortcuts({ field, list, search, toggleFollow, follow, toggleWrap, markNext, nextTimeMode })

  return (
    <section className={classes['panel']} aria-label='Log'>
      <LogToolbar
        search={<LogSearch view={view} search={search} field={field} {...unsearched} />}
        level={level} onLevel={setLevel} steps={steps} step={step} onStep={onStep}
        timeMode={timeMode} onTimeMode={nextTimeMode} wraps={wraps} onWrap={toggleWrap}
        textToCopy={() => shownText(view)} downloadUrl={downloadUrl}
      />
      <div className={classes['view']}>
        <LogList
          view={view} handle={list} follows={follows} onFollow={scrolled} onNearTop={wantEarlier} onNearEnd={wantLater}
          wraps={wraps} timeMode={timeMode} start={state.run.startedAt ?? view.firstTime} currentHit={search.hit} target={target ?? state.focus?.id ?? null}
          head={<LogHead reader={state.reader} isFull={isFiltered && !hasRoom} isEmpty={state.newest === '0-0'} onRetry={retry} />}
        />
        <Empty view={view} text={emptyText} />
        {!follows && <ReturnButton view={view} state={state} isReplay={isReplay} onClick={follow} />}
      </div>
      <Marked view={view} target={target} onClose={() => mark(null)} />
    </section>
  )
}

/** The look of the lines, as this person left it on this machine. */
function useLook () {
  const isNarrow = useMediaQuery('(max-width: 40rem)', false, { getInitialValueInEffect: false })
  const [wrap, setWrap] = useLocalStorage<boolean | null>({ key: 'runcast-wrap', defaultValue: null, getInitialValueInEffect: false })
  const [time, setTime] = useLocalStorage<TimeMode | null>({ key: 'runcast-times', defaultValue: null, getInitialValueInEffect: false })
  const wraps = wrap ?? isNarrow
  const timeMode = time ?? (isNarrow ? 'none' : 'clock')
  return useMemo(() => ({
    wraps,
    timeMode,
    toggleWrap: () => setWrap(!wraps),
    nextTimeMode: () => setTime(NEXT_TIME_MODE[timeMode])
  }), [wraps, timeMode, setWrap, setTime])
}

/** Filters the rows without losing the place where the person reads. */
function useFilter (view: LogView, list: RefObject<LogListHandle | null>, { level, step }: RowFilter, follows: boolean): void {
  const apply = useEffectEvent(() => {
    if (view.filter.level === level && view.filter.step === step) return
    const place = list.current?.topPlace() ?? 0
    view.setFilter({ level, step })
    if (follows) list.current?.showEnd()
    else list.current?.keepAtTop(place)
  })
  useEffect(() => apply(), [level, step])
}

function useFocus (focus: RunModelState['focus'], view: LogView, list: RefObject<LogListHandle | null>, setWantsEnd: (wantsEnd: boolean) => void): void {
  useEffect(() => {
    if (focus === null) return
    setWantsEnd(false)
    list.current?.showPlace(view.window.placeOf(focus.id))
  }, [focus, view, list, setWantsEnd])
}

/** Goes to the end again after more came than could be taken in, as in a tab out of view. */
function useFallingBehind (timesBehind: number, wantsEnd: boolean, follow: () => Promise<void>): void {
  const handled = useRef(timesBehind)
  useEffect(() => {
    if (handled.current === timesBehind) return
    handled.current = timesBehind
    if (wantsEnd) follow()
  }, [timesBehind, wantsEnd, follow])
}

function Empty ({ view, text }: { view: LogView, text: string }) {
  useSyncExternalStore(view.subscribe, view.version)
  if (view.count > 0) return null
  const isFiltered = view.window.end > view.window.start
  return <p className={classes['empty']}>{isFiltered ? 'No line that is loaded passes the filter.' : text}</p>
}

function ReturnButton ({ view, state, isReplay, onClick }: Pick<LogPanelProps, 'state' | 'isReplay'> & { view: LogView, onClick: () => void }) {
  useSyncExternalStore(view.subscribe, view.version)
  const newer = state.reader.isAtEnd ? 0 : Math.max(0, seqOf(state.newest) - seqOf(view.window.after))
  const label = state.run.terminal && !isReplay ? 'Go to the end' : 'Follow'
  return (
    <Button className={classes['return']} size='xs' leftSection={<ArrowDownIcon />} onClick={onClick}>
      {newer === 0 ? label : `${label} · ${formatNumberOf(newer, 'newer event')}`}
    </Button>
  )
}

/** The tools for the marked line, while it is held. */
function Marked ({ view, target, onClose }: { view: LogView, target: string | null, onClose: () => void }) {
  useSyncExternalStore(view.subscribe, view.version)
  if (target === null || !view.window.has(target)) return null
  const rows: LogRow[] = []
  for (let place = view.window.placeOf(target); view.window.at(place)?.id === target; place++) {
    const row = view.window.at(place)
    if (row !== undefined && row.kind !== 'gap') rows.push(row)
  }
  return <LineBar rows={rows} onClose={onClose} />
}
