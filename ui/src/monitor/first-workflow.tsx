import { Button } from '@mantine/core'
import { PlayIcon } from '@primer/octicons-react'
import { Link } from 'react-router'
import type { WorkflowSummary } from '../api/types.ts'
import { useLoaded } from '../api/use-loaded.ts'
import { listWorkflows } from '../api/workflows.ts'
import { useMayRun } from '../session/use-permission.ts'
import { faultsOf } from '../start/input-faults.ts'
import { fieldsOf, initialEntries, readInput } from '../start/input-fields.ts'
import { useStart } from '../start/use-start.ts'
import classes from './first-run.module.css'

const MOST_SHOWN = 4

/** Starts a workflow that needs no input with one click: the shortest way to a first run. */
export function FirstWorkflow () {
  const mayRun = useMayRun()
  const { value } = useLoaded(listWorkflows)
  const ready = newestOf(value?.workflows ?? []).filter(needsNothing).slice(0, MOST_SHOWN)
  if (!mayRun || ready.length === 0) return null
  return (
    <div className={classes['way']}>
      <p className={classes['explanation']}>Run a workflow that is here already:</p>
      <div className={classes['workflows']}>
        {ready.map((workflow) => <StartButton key={workflow.name} workflow={workflow} />)}
      </div>
      <p className={classes['more']}><Link to='/workflows'>All workflows</Link></p>
    </div>
  )
}

function StartButton ({ workflow: { name, version, title, summary, input_schema: schema } }: { workflow: WorkflowSummary }) {
  const { start, isStarting, problem } = useStart(schema)
  return (
    <div>
      <Button variant='default' leftSection={<PlayIcon />} loading={isStarting} title={summary ?? undefined} onClick={() => start({ workflow: name, version }, initialInput(schema))}>{title ?? name}</Button>
      {problem !== null && <p role='alert' className={classes['problem']}>{problem}</p>}
    </div>
  )
}

/** The newest version of each workflow, which comes first in the list. */
function newestOf (workflows: readonly WorkflowSummary[]): WorkflowSummary[] {
  return workflows.filter(({ name }, index) => workflows.findIndex((other) => other.name === name) === index)
}

function needsNothing ({ input_schema: schema, obstacle }: WorkflowSummary): boolean {
  if (obstacle !== null) return false
  const { value = {}, faults } = initialInput(schema)
  return Object.keys(faults).length === 0 && faultsOf(schema, value).length === 0
}

function initialInput (schema: unknown) {
  const fields = fieldsOf(schema)
  return readInput(fields, initialEntries(fields))
}
