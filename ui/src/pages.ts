import { loadPart } from './shell/load-part.ts'

const importRunView = () => import('./run/run-detail-view.tsx')

/** The pages, loaded when they are needed. */
export const loadMonitorPage = () => loadPart(async () => ({ default: (await import('./monitor/execution-monitor-page.tsx')).ExecutionMonitorPage }))

/** As `loadMonitorPage`. */
export const loadRunView = () => loadPart(async () => ({ default: (await importRunView()).RunDetailView }))

/** Has the view of a run loaded for who is about to open one. Never rejects. */
export const preloadRunView = () => importRunView().catch(() => {})

/** As `loadMonitorPage`. */
export const loadWorkflowsPage = () => loadPart(async () => ({ default: (await import('./workflows/workflows-page.tsx')).WorkflowsPage }))

/** As `loadMonitorPage`. */
export const loadWorkflowPage = () => loadPart(async () => ({ default: (await import('./workflows/workflow-page.tsx')).WorkflowPage }))
