/** The pages, loaded when they are needed. */
export const loadMonitorPage = async () => ({ default: (await import('./monitor/execution-monitor-page.tsx')).ExecutionMonitorPage })

export const loadWorkflowsPage = async () => ({ default: (await import('./workflows/workflows-page.tsx')).WorkflowsPage })

export const loadWorkflowPage = async () => ({ default: (await import('./workflows/workflow-page.tsx')).WorkflowPage })

/** Asked for again, it is there already: so who is about to open a run can have it loaded. */
export const loadRunView = async () => ({ default: (await import('./run/run-detail-view.tsx')).RunDetailView })
