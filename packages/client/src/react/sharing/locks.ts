import type { LockChoice, Locks, Tab } from './tab.ts'

/** A lock that this tab holds; the browser releases it when the tab closes or crashes. */
export interface HeldLock {
  readonly name: string
  /** Aborts when another tab takes the lock away. */
  readonly lost: AbortSignal
  release (): void
}

/** Every tab in view shares this lock. A tab without it is out of view, perhaps frozen. */
export const IN_VIEW_LOCK = 'runcast-in-view'

/** Waits for a lock. Gives null if the choice's signal aborts first, or if another tab steals the lock at once. */
export function requestLock (locks: Locks, name: string, choice: LockChoice = {}): Promise<HeldLock | null> {
  const lost = new AbortController()
  return new Promise((resolve, reject) => {
    const hold = () => untilReleased((release) => resolve({ name, lost: lost.signal, release }))
    locks.request(name, choice, hold).catch((error: unknown) => {
      lost.abort()
      if (error instanceof DOMException && error.name === 'AbortError') resolve(null)
      else reject(error)
    })
  })
}

function untilReleased (grant: (release: () => void) => void): Promise<void> {
  return new Promise((resolve) => grant(resolve))
}

/**
 * Waits for the first of several locks to be free. A tab out of view gives way to waiting tabs in view.
 *
 * @returns null when the signal aborts first
 */
export async function acquireFirst (tab: Tab, names: readonly string[], signal: AbortSignal): Promise<HeldLock | null> {
  for (;;) {
    const lock = await firstGranted(tab.locks, names, signal)
    if (lock === null || tab.isInView() || !(await isAwaitedInView(tab.locks, names))) return lock
    lock.release()
  }
}

async function firstGranted (locks: Locks, names: readonly string[], signal: AbortSignal): Promise<HeldLock | null> {
  const enough = new AbortController()
  const giveUp = () => enough.abort()
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  const requests = names.map((name) => requestLock(locks, name, { signal: enough.signal }))
  const first = await Promise.race(requests)
  giveUp()
  signal.removeEventListener('abort', giveUp)
  for (const lock of await Promise.all(requests)) {
    if (lock !== first) lock?.release()
  }
  return first
}

async function isAwaitedInView (locks: Locks, names: readonly string[]): Promise<boolean> {
  const { held = [], pending = [] } = await locks.query()
  const inView = new Set(held.filter(({ name }) => name === IN_VIEW_LOCK).map(({ clientId }) => clientId))
  return pending.some(({ name = '', clientId }) => names.includes(name) && inView.has(clientId))
}
