import { Button, CopyButton } from '@mantine/core'
import { CheckIcon, CopyIcon } from '@primer/octicons-react'
import { lazy, Suspense } from 'react'
import { BASE_PATH } from '../api/base-path.ts'
import { loadPart } from '../shell/load-part.ts'
import { firstRunCommands } from './first-run-commands.ts'
import classes from './first-run.module.css'

const FirstWorkflow = lazy(() => loadPart(async () => ({ default: (await import('./first-workflow.tsx')).FirstWorkflow })))

/** The ways to start a first run, shown while there is none. */
export function FirstRun () {
  return (
    <section className={classes['empty']} aria-labelledby='first-run'>
      <h2 id='first-run' className={classes['title']}>Start a first run</h2>
      <p className={classes['text']}>Nothing has run here yet. A run that you start appears on this page at once.</p>
      <Suspense><FirstWorkflow /></Suspense>
      {firstRunCommands(window.location, BASE_PATH).map(({ explanation, command }) => (
        <div key={explanation} className={classes['way']}>
          <p className={classes['explanation']}>{explanation}</p>
          <Command command={command} />
        </div>
      ))}
      <p className={classes['more']}>
        <a href={`${BASE_PATH}/documentation`}>All of the HTTP interface</a>
      </p>
    </section>
  )
}

function Command ({ command }: { command: string }) {
  return (
    <div className={classes['command']}>
      <pre className={classes['code']} tabIndex={0} aria-label='Command'><code>{command}</code></pre>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <Button variant='default' size='xs' className={classes['copy']} aria-label={copied ? 'Copied' : 'Copy'} onClick={copy}>
            {copied ? <CheckIcon /> : <CopyIcon />}
            <span className={classes['copyLabel']}>{copied ? 'Copied' : 'Copy'}</span>
          </Button>
        )}
      </CopyButton>
    </div>
  )
}
