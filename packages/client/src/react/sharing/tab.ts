/** The parts of the browser that a page needs to share streams with the other tabs of its origin. */
export interface Tab {
  readonly locks: Locks
  /** Opens a channel to the tabs that have opened a channel of the same name. */
  openChannel<Message> (name: string): Channel<Message>
  isInView (): boolean
  /** Calls back when the tab comes into view or goes out of view. @returns a function that stops listening */
  onViewChange (callback: () => void): () => void
  /** Calls back once: before the next frame is drawn, or within a second if none is drawn. */
  onNextFrame (callback: () => void): void
}

/** A channel between tabs. A tab does not receive its own messages. */
export interface Channel<Message> {
  post (message: Message): void
  onMessage (callback: (message: Message) => void): void
  close (): void
}

/** The part of the Web Locks API that is used. */
export interface Locks {
  request (name: string, options: LockChoice, callback: (lock: object | null) => Promise<void>): Promise<unknown>
  query (): Promise<LockOverview>
}

export interface LockChoice {
  readonly mode?: 'exclusive' | 'shared'
  /** Takes the lock away from its holder. */
  readonly steal?: boolean
  /** Gives up waiting. */
  readonly signal?: AbortSignal
}

export interface LockOverview {
  readonly held?: readonly LockEntry[]
  readonly pending?: readonly LockEntry[]
}

export interface LockEntry {
  readonly name?: string
  /** The tab, or another context, that holds the lock or waits for it. */
  readonly clientId?: string
}

const FRAMELESS_MS = 1_000

/** Gives the tab of this page. Without locks and channels it shares streams with no other tab. */
export function browserTab (): Tab {
  return {
    ...(canShare() ? { locks: navigator.locks, openChannel } : { locks: uncontended, openChannel: openSilentChannel }),
    isInView: () => typeof document === 'undefined' || document.visibilityState === 'visible',
    onViewChange,
    onNextFrame
  }
}

/** False over plain http, where pages have no locks, and in a sandboxed frame, which may not use them. */
function canShare (): boolean {
  return typeof document !== 'undefined' && typeof navigator.locks !== 'undefined' &&
    typeof BroadcastChannel !== 'undefined' && self.origin !== 'null'
}

function openChannel<Message> (name: string): Channel<Message> {
  const channel = new BroadcastChannel(name)
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (callback) => { channel.onmessage = ({ data }) => callback(data) },
    close: () => channel.close()
  }
}

function openSilentChannel<Message> (): Channel<Message> {
  return { post () {}, onMessage () {}, close () {} }
}

const uncontended: Locks = {
  request: (_name, _options, callback) => callback({}),
  query: async () => ({})
}

function onViewChange (callback: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  document.addEventListener('visibilitychange', callback)
  return () => document.removeEventListener('visibilitychange', callback)
}

function onNextFrame (callback: () => void): void {
  if (typeof requestAnimationFrame === 'undefined') {
    setTimeout(callback)
    return
  }
  const run = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    callback()
  }
  const frame = requestAnimationFrame(run)
  // A tab out of view draws no frames, but its title may show the run's status.
  const timer = setTimeout(run, FRAMELESS_MS)
}
