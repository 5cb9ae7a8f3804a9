import { useSyncExternalStore } from 'react'
import { serverNow } from '../api/server-time.ts'

const TICK_MS = 1_000

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let now = serverNow()

function subscribe (listener: () => void): () => void {
  if (listeners.size === 0) {
    now = serverNow()
    timer = setInterval(tick, TICK_MS)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

function tick (): void {
  now = serverNow()
  for (const listener of listeners) listener()
}

const stopped = () => () => {}

/**
 * The service's time every second, in milliseconds since 1970. All components share one clock.
 *
 * @param stoppedAt the time at which the clock stands still, because the page may be old; null while it runs
 */
export function useNow (stoppedAt: number | null): number {
  return useSyncExternalStore(stoppedAt === null ? subscribe : stopped, () => stoppedAt ?? now)
}
