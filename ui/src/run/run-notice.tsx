import { Button, Code } from '@mantine/core'
import { AlertFillIcon, ClockIcon, LockIcon, XCircleFillIcon } from '@primer/octicons-react'
import { useState, type ReactNode } from 'react'
import type { RunModelState } from './model/run-model-state.ts'
import type { RunModel } from './model/run-model.ts'
import classes from './run-notice.module.css'

export interface RunNoticeProps {
  readonly runId: string
  readonly model: RunModel
  readonly state: RunModelState
}

/** The most important news of a run: why it failed, that it does not exist yet, or that it can't be read. */
export function RunNotice ({ runId, model, state: { phase, problem, run } }: RunNoticeProps) {
  if (phase === 'refused') return <Notice tone='bad' icon={<LockIcon />} title='This run can not be shown'>{problem?.message}</Notice>
  if (problem !== null) return <Notice tone='warn' icon={<AlertFillIcon />} title='The run can not be read at the moment'>{problem.message} Trying again …</Notice>
  if (phase === 'waiting') {
    return (
      <Notice tone='calm' icon={<ClockIcon />} title='Waiting for this run to begin'>
        <span>There is no run <Code>{runId}</Code> yet. This page shows it as soon as it sends its first event.</span>
      </Notice>
    )
  }
  return run.outcome === 'failed' ? <Failure model={model} error={run.error} /> : null
}

function Failure ({ model, error }: { model: RunModel, error: string | null }) {
  const [hasNone, setHasNone] = useState(false)
  const show = async () => setHasNone(!(await model.showFirstError()))
  return (
    <Notice tone='bad' icon={<XCircleFillIcon />} title='This run has failed'>
      {error !== null && <span className={classes['error']}>{error}</span>}
      <Button className={classes['button']} size='compact-sm' variant='default' disabled={hasNone} onClick={show}>{hasNone ? 'No error in the log' : 'Show the first error'}</Button>
    </Notice>
  )
}

interface NoticeProps {
  readonly tone: 'bad' | 'warn' | 'calm'
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
}

function Notice ({ tone, icon, title, children }: NoticeProps) {
  return (
    <section className={classes['notice']} data-tone={tone} role='status'>
      <span className={classes['icon']}>{icon}</span>
      <strong className={classes['title']}>{title}</strong>
      <div className={classes['detail']}>{children}</div>
    </section>
  )
}
