import { MantineProvider } from '@mantine/core'
import { lazy } from 'react'
import { BrowserRouter, Route, Routes, useParams, useSearchParams } from 'react-router'
import { PAGES_PATH } from './api/base-path.ts'
import { LoginPage } from './login/login-page.tsx'
import { MonitorProvider } from './monitor/monitor-provider.tsx'
import { STYLE_NONCE } from './nonce.ts'
import { loadMonitorPage, loadRunView, loadWorkflowPage, loadWorkflowsPage, preloadRunView } from './pages.ts'
import { SessionProvider } from './session/session-provider.tsx'
import { NotFoundPage } from './shell/not-found-page.tsx'
import { Shell } from './shell/shell.tsx'
import { cssVariablesResolver, theme } from './theme.ts'

const ExecutionMonitorPage = lazy(loadMonitorPage)
const RunDetailView = lazy(loadRunView)
const WorkflowsPage = lazy(loadWorkflowsPage)
const WorkflowPage = lazy(loadWorkflowPage)

/** All pages. The shell shows its pages only with a session. */
export function App () {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme='auto' getStyleNonce={() => STYLE_NONCE}>
      <BrowserRouter basename={PAGES_PATH} useTransitions={false}>
        <SessionProvider>
          <Routes>
            <Route path='/login' element={<LoginPage />} />
            <Route element={<Shell Keeper={MonitorProvider} />}>
              <Route index element={<ExecutionMonitorPage onNearRun={preloadRunView} />} />
              <Route path='/runs/:runId' element={<RunRoute />} />
              <Route path='/workflows' element={<WorkflowsPage />} />
              <Route path='/workflows/:name' element={<WorkflowRoute />} />
              <Route path='*' element={<NotFoundPage />} />
            </Route>
          </Routes>
        </SessionProvider>
      </BrowserRouter>
    </MantineProvider>
  )
}

function WorkflowRoute () {
  const { name = '' } = useParams()
  const [query] = useSearchParams()
  const version = query.get('version')
  return <WorkflowPage key={`${name} ${version}`} name={name} version={version} />
}

function RunRoute () {
  const { runId = '' } = useParams()
  return <RunDetailView key={runId} runId={runId} />
}
