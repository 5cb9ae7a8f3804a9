import { useState } from 'react'
import { serverNow } from '../api/server-time.ts'

/** The time at which the clocks of the page stopped, in milliseconds since 1970; null while they run. */
export function useStopTime (isRunning: boolean): number | null {
  const [stoppedAt, setStoppedAt] = useState<number | null>(() => isRunning ? null : serverNow())
  if (isRunning === (stoppedAt !== null)) setStoppedAt(isRunning ? null : serverNow())
  return stoppedAt
}
