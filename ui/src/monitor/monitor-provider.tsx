import { useMemo, useState, type ReactNode } from 'react'
import { makeMonitor, MonitorContext } from './monitor-context.ts'

/** Keeps the known runs while other pages are shown. */
export function MonitorProvider ({ children }: { children: ReactNode }) {
  const [monitor] = useState(makeMonitor)
  const [current, setCurrent] = useState('')
  const kept = useMemo(() => ({ monitor, current, setCurrent }), [monitor, current])
  return <MonitorContext value={kept}>{children}</MonitorContext>
}
