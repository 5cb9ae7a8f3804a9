import { loadPart } from './shell/load-part.ts'

const importRunView = () => import('./run/run-detail-view.tsx')

/** Loads the monitor page. */
export const loadMonitorPage = () => loadPart(async () => ({ default: (await import('./monitor/execution-monitor-page.tsx')).ExecutionMonitorPage }))

/** Loads the view of a run. */
export const loadRunView = () => loadPart(async () => ({ default: (await importRunView()).RunDetailView }))

/** Loads the view of a run before it is opened. Never rejects. */
export const preloadRunView = () => importRunView().catch(() => {})

/** Loads the list of workflows. */
export const loadWorkflowsPage = () => loadPart(async () => ({ default: (await import('./workflows/workflows-page.tsx')).WorkflowsPage }))

/** Loads the page of a workflow. */
export const loadWorkflowPage = () => loadPart(async () => ({ default: (await import('./workflows/workflow-page.tsx')).WorkflowPage }))
