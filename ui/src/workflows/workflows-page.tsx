import { Alert, Button, Code } from '@mantine/core'
import { AlertIcon } from '@primer/octicons-react'
import { Link } from 'react-router'
import type { WorkflowList, WorkflowSummary } from '../api/types.ts'
import { useLoaded } from '../api/use-loaded.ts'
import { listWorkflows } from '../api/workflows.ts'
import { workflowPath } from '../shell/links.ts'
import { usePageTitle } from '../shell/page-title.ts'
import classes from './workflows-page.module.css'

/** The workflows that can be run, and the faults of definitions that were refused. */
export function WorkflowsPage () {
  usePageTitle('Workflows')
  const { value, problem, reload } = useLoaded(listWorkflows)
  return (
    <>
      <div className={classes['top']}>
        <h1 className={classes['title']}>Workflows</h1>
      </div>
      {problem !== null && (
        <Alert variant='outline' color='red' role='alert' className={classes['alert']}>
          {problem.message} <Button size='compact-sm' variant='default' onClick={reload}>Try again</Button>
        </Alert>
      )}
      {value !== null && <Faults faults={value.faults} />}
      {value !== null && (value.workflows.length === 0 ? <Empty /> : <Workflows workflows={value.workflows} />)}
    </>
  )
}

function Workflows ({ workflows }: { workflows: readonly WorkflowSummary[] }) {
  return (
    <ul className={classes['list']}>
      {workflows.map(({ name, version, title, summary }) => (
        <li key={`${name} ${version}`}>
          <Link className={classes['card']} to={workflowPath({ name, version })}>
            <strong className={classes['name']}>{title ?? name}</strong>
            <span className={classes['version']}><code>{name}</code> {version}</span>
            {summary !== null && <span className={classes['summary']}>{summary}</span>}
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Empty () {
  return (
    <section className={classes['empty']}>
      <h2 className={classes['subtitle']}>No workflows yet</h2>
      <p>Put a definition in the <a href='https://serverlessworkflow.io' rel='noreferrer'>Serverless Workflow</a> DSL into the directory <Code>WORKFLOWS_DIR</Code>, which is <Code>workflows/</Code> unless it was set. It appears here as soon as it is read.</p>
    </section>
  )
}

function Faults ({ faults }: Pick<WorkflowList, 'faults'>) {
  if (faults.length === 0) return null
  return (
    <Alert variant='outline' color='yellow' icon={<AlertIcon />} title='Definitions that were refused' className={classes['alert']}>
      <ul className={classes['faults']}>
        {faults.map(({ file, path, message }) => <li key={`${file} ${path} ${message}`}><code>{file}{path === '' ? '' : `#${path}`}</code> {message}</li>)}
      </ul>
    </Alert>
  )
}
