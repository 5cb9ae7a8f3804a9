import { Alert, Button } from '@mantine/core'
import { AlertIcon } from '@primer/octicons-react'
import { lazy, Suspense, useCallback } from 'react'
import { Link } from 'react-router'
import { useLoaded } from '../api/use-loaded.ts'
import { getWorkflow } from '../api/workflows.ts'
import { loadFlowGraph } from '../flow/load-flow-graph.ts'
import { useMayRun } from '../session/use-permission.ts'
import { usePageTitle } from '../shell/page-title.ts'
import { InputForm } from '../start/input-form.tsx'
import classes from './workflow-page.module.css'

const FlowGraph = lazy(loadFlowGraph)

const NO_STATES: ReadonlyMap<string, string> = new Map()

/** One workflow: its flow, and the form that starts it. */
export function WorkflowPage ({ name, version }: { name: string, version: string | null }) {
  const { value: workflow, problem, reload } = useLoaded(useCallback((signal: AbortSignal) => getWorkflow(name, version, signal), [name, version]))
  const mayRun = useMayRun()
  usePageTitle(workflow?.title ?? name)
  return (
    <>
      <header className={classes['header']}>
        <nav className={classes['path']} aria-label='Breadcrumb'><Link to='/workflows'>Workflows</Link> <span aria-hidden>/</span></nav>
        <h1 className={classes['title']}>{workflow?.title ?? name}</h1>
        {workflow !== null && <span className={classes['version']}><code>{workflow.name}</code> {workflow.version}</span>}
      </header>
      {problem !== null && (
        <Alert variant='outline' color='red' role='alert'>
          {problem.message} {problem.status !== 404 && <Button size='compact-sm' variant='default' onClick={reload}>Try again</Button>}
        </Alert>
      )}
      {workflow !== null && (
        <div className={classes['columns']}>
          <section className={classes['panel']} aria-label='Start'>
            {workflow.summary !== null && <p className={classes['summary']}>{workflow.summary}</p>}
            {workflow.obstacle !== null && <Alert variant='outline' color='yellow' icon={<AlertIcon />} className={classes['obstacle']}>{workflow.obstacle}</Alert>}
            <InputForm
              workflow={workflow.name} version={workflow.version} schema={workflow.input_schema}
              refusal={mayRun ? null : 'This session may not start runs: it lacks the scope workflows:run.'}
            />
          </section>
          <section className={classes['graph']} aria-label='Flow'>
            <Suspense><FlowGraph graph={workflow.graph} states={NO_STATES} isLive={false} selected={null} onSelect={null} /></Suspense>
          </section>
        </div>
      )}
    </>
  )
}
