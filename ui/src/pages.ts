/** The pages, loaded when they are needed. */
export const loadMonitorPage = async () => ({ default: (await import('./monitor/execution-monitor-page.tsx')).ExecutionMonitorPage })

/** Asked for again, it is there already: so who is about to open a run can have it loaded. */
export const loadRunView = async () => ({ default: (await import('./run/run-detail-view.tsx')).RunDetailView })
