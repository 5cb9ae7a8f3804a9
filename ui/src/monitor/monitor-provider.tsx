import { useMemo, useState, type ReactNode } from 'react'
import { makeMonitor, MonitorContext } from './monitor-context.ts'

/** Keeps what is known of the runs while other pages are shown; for one person, until that person signs out. */
export function MonitorProvider ({ children }: { children: ReactNode }) {
  const [monitor] = useState(makeMonitor)
  const [current, setCurrent] = useState('')
  const kept = useMemo(() => ({ monitor, current, setCurrent }), [monitor, current])
  return <MonitorContext value={kept}>{children}</MonitorContext>
}
