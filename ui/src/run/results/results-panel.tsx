import { ActionIcon, Badge, NativeSelect, SegmentedControl } from '@mantine/core'
import { ChevronLeftIcon, ChevronRightIcon, ScreenFullIcon, ScreenNormalIcon } from '@primer/octicons-react'
import { useMemo, useState, type ReactNode } from 'react'
import { formatClock } from '../../format/time.ts'
import { stepsOf, type Preview } from '../model/previews.ts'
import { textOf, viewsOf, type ResultView } from '../model/result-views.ts'
import { ResultContent, type Changes } from './result-content.tsx'
import classes from './results.module.css'

type Kind = ResultView['kind'] | 'changes'

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  image: 'Image', markdown: 'Document', plot: 'Plot', table: 'Table', tree: 'Tree', text: 'Text', changes: 'Changes'
}

export interface ResultsPanelProps {
  readonly previews: readonly Preview[]
  /** Tells whether no more results come. */
  readonly isOver: boolean
  /** Tells whether the results have the whole view. */
  readonly isLarge: boolean
  /** null where they always have it. */
  readonly onLarge: ((isLarge: boolean) => void) | null
}

/** The results of a run: the newest one, or the one that is chosen. */
export function ResultsPanel ({ previews, isOver, isLarge, onLarge }: ResultsPanelProps) {
  const [chosenStep, setStep] = useState<string | null>(null)
  const [chosenId, setId] = useState<string | null>(null)
  const [chosenKind, setKind] = useState<Kind | null>(null)
  const steps = useMemo(() => stepsOf(previews), [previews])
  const step = chosenStep !== null && steps.includes(chosenStep) ? chosenStep : steps[0]
  const series = useMemo(() => previews.filter((preview) => preview.step === step), [previews, step])
  const chosen = series.findIndex(({ id }) => id === chosenId)
  const index = chosen === -1 ? series.length - 1 : chosen
  const views = useMemo(() => waysToLook(series, index), [series, index])
  const view = views.find(({ kind }) => kind === chosenKind) ?? views[0]
  const preview = series[index]

  if (preview === undefined || view === undefined) {
    return <p className={classes['empty']}>{isOver ? 'This run sent no results.' : <>No results yet. They appear when the run sends a <code>result_preview</code>.</>}</p>
  }
  const goTo = (next: number) => setId(next >= series.length - 1 ? null : series[next]?.id ?? null)
  return (
    <div className={classes['results']}>
      <div className={classes['bar']}>
        {steps.length > 1 && (
          <NativeSelect
            size='xs' className={classes['step']} aria-label='Result of' value={step} data={steps.map((name) => ({ value: name, label: name === '' ? 'The run' : stepLabel(name) }))}
            onChange={(event) => { setStep(event.currentTarget.value); setId(null) }}
          />
        )}
        {series.length > 1 && <Pager index={index} count={series.length} onGo={goTo} />}
        <span className={classes['facts']}>
          {preview.isFinal && <Badge size='sm' variant='light' color='green' className={classes['final']}>final</Badge>} {formatClock(preview.at)}
        </span>
        {onLarge !== null && (
          <ActionIcon variant='subtle' color='gray' aria-label={isLarge ? 'Show beside the log' : 'Show large'} onClick={() => onLarge(!isLarge)}>
            {isLarge ? <ScreenNormalIcon /> : <ScreenFullIcon />}
          </ActionIcon>
        )}
      </div>
      <Kinds views={views} kind={view.kind} onKind={setKind} />
      <div className={classes['content']}><ResultContent key={contentKey(preview, view)} view={view} /></div>
    </div>
  )
}

/** The ways to look at a result of a series. The last one compares it with the result before. */
function waysToLook (series: readonly Preview[], index: number): Array<ResultView | Changes> {
  const [preview, before] = [series[index], series[index - 1]]
  if (preview === undefined) return []
  const views = viewsOf(preview, series.slice(0, index))
  if (before === undefined || views[0]?.kind === 'image') return views
  return [...views, { kind: 'changes', before: textOf(before), after: textOf(preview) }]
}

/** A newer result keeps the state of the view, such as the order of a table. Another way to look begins anew. */
function contentKey ({ step }: Preview, { kind }: ResultView | Changes): string {
  return `${kind} ${step}`
}

function Kinds ({ views, kind, onKind }: { views: ReadonlyArray<ResultView | Changes>, kind: Kind, onKind: (kind: Kind) => void }): ReactNode {
  if (views.length < 2) return null
  return (
    <SegmentedControl
      size='xs' className={classes['kinds']} value={kind} data={views.map((view) => ({ value: view.kind, label: KIND_NAMES[view.kind] }))}
      onChange={(value) => { const view = views.find((one) => one.kind === value); if (view !== undefined) onKind(view.kind) }}
    />
  )
}

function Pager ({ index, count, onGo }: { index: number, count: number, onGo: (index: number) => void }) {
  return (
    <span className={classes['pager']}>
      <ActionIcon variant='subtle' color='gray' aria-label='Previous result' disabled={index === 0} onClick={() => onGo(index - 1)}><ChevronLeftIcon /></ActionIcon>
      <span>{index + 1} of {count}</span>
      <ActionIcon variant='subtle' color='gray' aria-label='Next result' disabled={index === count - 1} onClick={() => onGo(index + 1)}><ChevronRightIcon /></ActionIcon>
    </span>
  )
}

/** The last part of a JSON Pointer, or a step as it is. */
function stepLabel (step: string): string {
  return step.startsWith('/') ? step.slice(step.lastIndexOf('/') + 1) : step
}
