import { Tabs } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { runPath } from '@runcast/protocol'
import { useMemo, useState, type ReactNode } from 'react'
import { BASE_PATH } from '../api/base-path.ts'
import { formatCount } from '../format/count.ts'
import { LogPanel } from './log/log-panel.tsx'
import type { RunModelState } from './model/run-model-state.ts'
import type { RunModel } from './model/run-model.ts'
import { stepLines, type StepLine } from './model/steps.ts'
import { ResultsPanel } from './results/results-panel.tsx'
import { RunSteps } from './steps/run-steps.tsx'
import classes from './run-panels.module.css'

export interface RunPanelsProps {
  readonly runId: string
  readonly model: RunModel
  readonly state: RunModelState
  readonly isReplay: boolean
  /** The time at which the clocks stand still, in milliseconds since 1970; null while they run. */
  readonly stoppedAt: number | null
}

/** The log, the steps and the results of a run: side by side, or in tabs on narrow screens. */
export function RunPanels ({ runId, model, state, isReplay, stoppedAt }: RunPanelsProps) {
  const [step, setStep] = useState<string | null>(null)
  const [isLarge, setLarge] = useState(false)
  const [tab, setTab] = useState<string | null>('log')
  const isWide = useMediaQuery('(min-width: 64rem)', true, { getInitialValueInEffect: false })
  const lines = useMemo(() => stepLines(state.run.steps), [state.run.steps])
  const log = (
    <LogPanel
      model={model} state={state} isReplay={isReplay} steps={lines} step={step} onStep={setStep}
      downloadUrl={`${BASE_PATH}/api/v1/${runPath(runId)}/log`} emptyText={emptyText(state)}
    />
  )
  const selectStep = (path: string | null) => {
    setStep(path)
    // In tabs, the log of a step is behind another tab.
    if (path !== null) setTab('log')
  }
  const steps = <RunSteps run={state.run} lines={lines} selected={step} onSelect={selectStep} stoppedAt={stoppedAt} />
  const results = <ResultsPanel previews={state.previews} isOver={state.run.terminal} isLarge={isLarge} onLarge={isWide ? setLarge : null} />
  return isWide
    ? <SideBySide log={log} steps={steps} results={results} lines={lines} hasResults={state.previews.length > 0} isLarge={isLarge} />
    : <InTabs log={log} steps={steps} results={results} lines={lines} resultCount={state.previews.length} tab={tab} onTab={setTab} />
}

interface Parts {
  readonly log: ReactNode
  readonly steps: ReactNode
  readonly results: ReactNode
  readonly lines: readonly StepLine[]
}

interface SideBySideProps extends Parts {
  readonly hasResults: boolean
  /** Tells whether the results have the whole view. */
  readonly isLarge: boolean
}

function SideBySide ({ log, steps, results, lines, hasResults, isLarge }: SideBySideProps) {
  return (
    <div className={classes['columns']} data-large={isLarge}>
      <div className={classes['main']}>{log}</div>
      <div className={classes['side']}>
        <section className={classes['steps']} aria-labelledby='steps-title' data-shared={hasResults || lines.length === 0}>
          <h2 id='steps-title' className={classes['title']}>Steps <Count lines={lines} /></h2>
          <div className={classes['scroller']}>{steps}</div>
        </section>
        <section className={classes['results']} aria-labelledby='results-title' data-empty={!hasResults && lines.length > 0}>
          <h2 id='results-title' className={classes['title']}>Results</h2>
          <div className={classes['body']}>{results}</div>
        </section>
      </div>
    </div>
  )
}

interface InTabsProps extends Parts {
  readonly resultCount: number
  /** The tab in front. */
  readonly tab: string | null
  readonly onTab: (tab: string | null) => void
}

function InTabs ({ log, steps, results, lines, resultCount, tab, onTab }: InTabsProps) {
  return (
    <Tabs value={tab} onChange={onTab} className={classes['tabs']} keepMountedMode='display-none'>
      <Tabs.List grow>
        <Tabs.Tab value='log'>Log</Tabs.Tab>
        <Tabs.Tab value='steps'>Steps <Count lines={lines} /></Tabs.Tab>
        <Tabs.Tab value='results'>Results {resultCount > 0 && <span className={classes['count']}>{formatCount(resultCount)}</span>}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value='log' className={classes['tab']}>{log}</Tabs.Panel>
      <Tabs.Panel value='steps' className={classes['tab']} data-scrolls>{tab === 'steps' && steps}</Tabs.Panel>
      <Tabs.Panel value='results' className={classes['tab']} data-padded>{tab === 'results' && results}</Tabs.Panel>
    </Tabs>
  )
}

function Count ({ lines }: { lines: readonly StepLine[] }) {
  const failed = lines.filter((line) => line.kind === 'failed').length
  if (lines.length === 0) return null
  return <span className={classes['count']} data-failed={failed > 0}>{failed > 0 ? `${formatCount(failed)} failed` : formatCount(lines.length)}</span>
}

function emptyText ({ phase, newest }: RunModelState): string {
  if (phase === 'opening') return ''
  return phase === 'waiting' || newest === '0-0' ? 'Nothing has been logged yet.' : 'There are no lines here.'
}
