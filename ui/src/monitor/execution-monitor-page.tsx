import { usePageTitle } from '../shell/page-title.ts'

/** All runs, live. */
export function ExecutionMonitorPage () {
  usePageTitle('Runs')
  return <h1>Runs</h1>
}
