import { Button } from '@mantine/core'
import { SyncIcon, XIcon } from '@primer/octicons-react'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ApiError } from '../../api/api-error.ts'
import { cancelRun, retryRun } from '../../api/workflows.ts'
import { useMayRun } from '../../session/use-permission.ts'
import { runPath } from '../../shell/links.ts'
import type { RunState } from '../model/run-state.ts'
import classes from './run-header.module.css'

/** Ends a run of a workflow, or repeats one that did not succeed. */
export function RunActions ({ runId, run }: { runId: string, run: RunState }) {
  const mayRun = useMayRun()
  const navigate = useNavigate()
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  if (run.workflow === null || !mayRun) return null

  const ask = async (action: () => Promise<unknown>) => {
    setAsking(true)
    setProblem(null)
    try {
      await action()
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : 'The answer of the service can not be read.')
    }
    setAsking(false)
  }
  const retry = async () => {
    const { run_id: repeated } = await retryRun(runId)
    navigate(runPath(repeated))
  }
  return (
    <>
      {problem !== null && <span role='alert' className={classes['problem']}>{problem}</span>}
      {!run.terminal && <Button size='compact-sm' variant='default' leftSection={<XIcon size={14} />} loading={isAsking} onClick={() => ask(() => cancelRun(runId))}>Cancel</Button>}
      {run.terminal && run.outcome !== 'succeeded' && <Button size='compact-sm' variant='default' leftSection={<SyncIcon size={14} />} loading={isAsking} onClick={() => ask(retry)}>Retry</Button>}
    </>
  )
}
