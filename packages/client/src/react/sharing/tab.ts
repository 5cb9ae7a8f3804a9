/** What a page needs of its browser to share streams with the other tabs of its origin. */
export interface Tab {
  readonly locks: Locks
  /** Opens a channel to the tabs that have opened one of the same name. */
  openChannel<Message> (name: string): Channel<Message>
  isInView (): boolean
  /** Calls back when the tab comes into view or goes out of it; gives a function that stops listening. */
  onViewChange (callback: () => void): () => void
  /** Calls back once: before the next frame is drawn, or within a second where none are. */
  onNextFrame (callback: () => void): void
}

/** What the tabs that have opened a channel say to one another; nobody hears what they said themselves. */
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
  /** Takes the lock from whoever holds it. */
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

/** The page that this code runs in. Where it has no part in an origin's locks and channels, it shares with nobody. */
export function browserTab (): Tab {
  return {
    ...(canShare() ? { locks: navigator.locks, openChannel } : { locks: uncontended, openChannel: openSilentChannel }),
    isInView: () => typeof document === 'undefined' || document.visibilityState === 'visible',
    onViewChange,
    onNextFrame
  }
}

/** Locks are missing from pages over plain http; an opaque origin (a sandboxed frame) may not use them. */
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
  // A tab out of view draws none, but its title may tell how the run is.
  const timer = setTimeout(run, FRAMELESS_MS)
}
