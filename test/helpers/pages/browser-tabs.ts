import { randomUUID } from 'node:crypto'
import type { BroadcastChannel as Broadcast } from 'node:worker_threads'
import type { Test } from 'tap'
import type { EventStore } from '../../../packages/client/dist/react/event-store.js'
import { PageStreams, type RunStreamOptions, type StreamOptions } from '../../../packages/client/dist/react/page-streams.js'
import type { RunUpdatesListener } from '../../../packages/client/dist/react/runs-topic.js'
import type { Channel, LockChoice, LockEntry, Locks, Tab } from '../../../packages/client/dist/react/sharing/tab.js'

/** One tab of a browser, with a page that follows runs. */
export interface BrowserTab {
  readonly name: string
  /** Follows a run as the hook does. */
  follow (runId: string, options?: RunStreamOptions): Followed
  watchRuns (listener: RunUpdatesListener, options?: StreamOptions): void
  show (): void
  hide (): void
  /** Closes the tab without a word: the browser releases its locks, and its code runs no more. */
  close (): void
  /** Runs no code until it thaws, but keeps its locks. */
  freeze (): void
  thaw (): void
}

/** A component that follows a run. */
export interface Followed {
  readonly store: EventStore
  unmount (): void
}

/** The tabs of one origin, with locks as browsers have them. */
export interface Origin {
  openTab (name: string, state?: 'in view' | 'hidden'): BrowserTab
  /** Gives the names of the tabs that hold a lock whose name begins with `lockName`. */
  holders (lockName: string): string[]
  /** The number of streams that were opened, that are open, and that were open at once at most. */
  readonly streams: StreamCount
}

interface StreamCount {
  opened: number
  open: number
  most: number
}

interface Request {
  readonly name: string
  readonly clientId: string
  readonly mode: 'exclusive' | 'shared'
  readonly callback: (lock: object) => Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Opens an origin whose pages follow the service at an address; its tabs are closed at the end of the test.
 *
 * @param options used for everything that the pages follow
 */
export function openOrigin (t: Test, options: StreamOptions): Origin {
  const id = randomUUID()
  const locks = new LockTable()
  const streams = { opened: 0, open: 0, most: 0 }
  const openTab = (name: string, state: 'in view' | 'hidden' = 'in view') => {
    const closing = new AbortController()
    const tab = makeTab({ name, origin: id, table: locks, closing, service: { ...options, fetch: countingFetch(streams, closing.signal) }, startsInView: state === 'in view' })
    t.teardown(() => tab.close())
    return tab
  }
  return { openTab, streams, holders: (lockName) => locks.held.filter((lock) => lock.name.startsWith(lockName)).map(({ clientId }) => clientId) }
}

interface TabOptions {
  readonly name: string
  readonly origin: string
  readonly table: LockTable
  /** Ends the requests of the page. */
  readonly closing: AbortController
  readonly service: StreamOptions
  readonly startsInView: boolean
}

function makeTab ({ name, origin, table, closing, service, startsInView }: TabOptions): BrowserTab {
  const channels = new Set<Broadcast>()
  const releases: (() => void)[] = []
  const viewListeners = new Set<() => void>()
  let inView = startsInView
  let frozen: (() => void)[] | null = null
  /** Runs a task of this tab, or keeps it until the tab thaws. */
  const task = (run: () => void) => {
    if (closing.signal.aborted) return
    if (frozen !== null) frozen.push(run)
    else run()
  }

  function openChannel<Message> (channelName: string): Channel<Message> {
    const channel = new BroadcastChannel(`${origin}:${channelName}`)
    channels.add(channel)
    return {
      post: (message) => task(() => channel.postMessage(message)),
      onMessage: (callback) => {
        channel.onmessage = (event: { data: Message }) => task(() => callback(event.data))
      },
      close: () => channel.close()
    }
  }

  const setView = (value: boolean) => {
    inView = value
    for (const callback of viewListeners) callback()
  }

  const tab: Tab = {
    locks: table.locksOf(name, task),
    openChannel,
    isInView: () => inView,
    onViewChange (callback) {
      viewListeners.add(callback)
      return () => { viewListeners.delete(callback) }
    },
    onNextFrame: (callback) => { setImmediate(() => task(callback)) }
  }
  const streams = new PageStreams(tab)
  return {
    name,
    follow (runId, options = {}) {
      const { value: { store }, release } = streams.followRun(runId, { ...service, ...options })
      const unmount = once(release)
      releases.push(unmount)
      return { store, unmount }
    },
    watchRuns: (listener, options = {}) => { releases.push(streams.watchRuns(listener, { ...service, ...options })) },
    show: () => setView(true),
    hide: () => setView(false),
    freeze: () => { frozen ??= [] },
    thaw () {
      const tasks = frozen ?? []
      frozen = null
      tasks.forEach(task)
    },
    close: once(() => {
      closing.abort()
      for (const channel of channels) channel.close()
      table.forget(name)
      for (const release of releases) release()
    })
  }
}

/** Makes a page's own fetch: its requests end with the page, and its streams are counted until they are aborted. */
function countingFetch (streams: StreamCount, closing: AbortSignal): typeof fetch {
  return (input, init = {}) => {
    const signal = init.signal === undefined || init.signal === null ? closing : AbortSignal.any([closing, init.signal])
    if (String(input).includes('/stream') && !signal.aborted) {
      streams.opened++
      streams.most = Math.max(streams.most, ++streams.open)
      signal.addEventListener('abort', () => { streams.open-- })
    }
    return fetch(input, { ...init, signal })
  }
}

function once (callback: () => void): () => void {
  let done = false
  return () => {
    if (!done) callback()
    done = true
  }
}

/** The locks of an origin: first come first served, shared with shared. */
class LockTable {
  held: Request[] = []
  #pending: Request[] = []

  locksOf (clientId: string, task: (run: () => void) => void): Locks {
    return {
      request: (name, choice, callback) => new Promise((resolve, reject) => {
        const request = {
          name,
          clientId,
          mode: choice.mode ?? 'exclusive',
          callback: (lock: object) => new Promise<void>((resolve) => task(() => { callback(lock).then(resolve) })),
          resolve: () => task(() => resolve(undefined)),
          reject: (error: Error) => task(() => reject(error))
        }
        // A request of a closed page is never granted.
        task(() => this.#add(request, choice))
      }),
      query: async () => ({ held: this.held.map(entryOf), pending: this.#pending.map(entryOf) })
    }
  }

  forget (clientId: string): void {
    this.held = this.held.filter((request) => request.clientId !== clientId)
    this.#pending = this.#pending.filter((request) => request.clientId !== clientId)
    this.#grant()
  }

  #add (request: Request, { signal, steal = false }: LockChoice): void {
    if (signal?.aborted === true) {
      request.reject(new DOMException('aborted', 'AbortError'))
    } else if (steal) {
      const robbed = this.held.filter(({ name }) => name === request.name)
      this.held = this.held.filter((other) => !robbed.includes(other))
      this.#hold(request)
      for (const other of robbed) other.reject(new DOMException('stolen', 'AbortError'))
    } else {
      this.#pending.push(request)
      signal?.addEventListener('abort', () => {
        if (!this.#pending.includes(request)) return
        this.#pending = this.#pending.filter((other) => other !== request)
        request.reject(new DOMException('aborted', 'AbortError'))
        this.#grant()
      })
      this.#grant()
    }
  }

  #grant (): void {
    for (const request of [...this.#pending]) {
      const others = [...this.held, ...this.#pending.slice(0, this.#pending.indexOf(request))].filter(({ name }) => name === request.name)
      if (others.some(({ mode }) => mode === 'exclusive' || request.mode === 'exclusive')) continue
      this.#pending = this.#pending.filter((other) => other !== request)
      this.#hold(request)
    }
  }

  #hold (request: Request): void {
    this.held.push(request)
    setImmediate(async () => {
      await request.callback({})
      this.#end(request, request.resolve)
    })
  }

  #end (request: Request, settle: () => void): void {
    if (!this.held.includes(request)) return
    this.held = this.held.filter((other) => other !== request)
    settle()
    this.#grant()
  }
}

function entryOf ({ name, clientId }: Request): LockEntry {
  return { name, clientId }
}
