import { ActionIcon, Modal, SegmentedControl } from '@mantine/core'
import { ScreenFullIcon } from '@primer/octicons-react'
import { lazy, Suspense, useCallback, useMemo, useState } from 'react'
import type { WorkflowName } from '../../api/types.ts'
import { useLoaded } from '../../api/use-loaded.ts'
import { getWorkflow } from '../../api/workflows.ts'
import { loadFlowGraph } from '../../flow/load-flow-graph.ts'
import type { RunState } from '../model/run-state.ts'
import type { StepLine } from '../model/steps.ts'
import { StepTimeline } from './step-timeline.tsx'
import classes from './steps.module.css'

const FlowGraph = lazy(loadFlowGraph)

export interface RunStepsProps {
  readonly run: RunState
  readonly lines: readonly StepLine[]
  /** The step that filters the log; null for none. */
  readonly selected: string | null
  readonly onSelect: (path: string | null) => void
  /** The time at which the clocks stand still, in milliseconds since 1970; null while they run. */
  readonly stoppedAt: number | null
}

/** The steps of a run over time, or in the flow of its workflow. */
export function RunSteps ({ run, lines, selected, onSelect, stoppedAt }: RunStepsProps) {
  const [view, setView] = useState('time')
  const [isLarge, setLarge] = useState(false)
  const timeline = <StepTimeline lines={lines} isOver={run.terminal} selected={selected} onSelect={onSelect} stoppedAt={stoppedAt} />
  if (run.workflow === null) return timeline
  const flow = <RunFlow workflow={run.workflow} steps={run.steps} isLive={stoppedAt === null} selected={selected} onSelect={onSelect} />
  return (
    <>
      <div className={classes['views']}>
        <SegmentedControl
          size='xs' aria-label='Show the steps as' value={view} onChange={setView}
          data={[{ value: 'time', label: 'Time line' }, { value: 'flow', label: 'Flow' }]}
        />
        {view === 'flow' && <ActionIcon variant='subtle' color='gray' aria-label='Show the flow large' onClick={() => setLarge(true)}><ScreenFullIcon /></ActionIcon>}
      </div>
      {view === 'time' ? timeline : <div className={classes['flow']}>{flow}</div>}
      <Modal opened={isLarge} onClose={() => setLarge(false)} title={run.name} fullScreen closeButtonProps={{ 'aria-label': 'Close' }}>
        <div className={classes['large']}>{flow}</div>
      </Modal>
    </>
  )
}

interface RunFlowProps extends Pick<RunState, 'steps'>, Pick<RunStepsProps, 'selected' | 'onSelect'> {
  readonly workflow: WorkflowName
  readonly isLive: boolean
}

function RunFlow ({ workflow: { name, version }, steps, isLive, selected, onSelect }: RunFlowProps) {
  const { value, problem } = useLoaded(useCallback((signal: AbortSignal) => getWorkflow(name, version, signal), [name, version]))
  const states = useMemo(() => new Map(steps.map(({ step, status }) => [step, status])), [steps])
  if (problem !== null) return <p className={classes['problem']}>{problem.status === 404 ? `The workflow ${name} ${version} is no longer deployed.` : problem.message}</p>
  return value === null ? null : <Suspense><FlowGraph graph={value.graph} states={states} isLive={isLive} selected={selected} onSelect={onSelect} /></Suspense>
}
