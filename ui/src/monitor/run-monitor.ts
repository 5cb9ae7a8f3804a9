import type { Connection, RunPage, RunSummary, RunUpdatesListener } from '@runcast/client/react'
import { NOTHING_KNOWN, olderThanKnown, withPage, withSnapshot, withUpdates, type KnownRuns } from './known-runs.ts'

/** What the monitor page shows, but for the filter. */
export interface MonitorState {
  readonly known: KnownRuns
  readonly connection: Connection
  /** When the service was heard last, milliseconds since 1970: until then what is shown was true. null while it is live. */
  readonly staleSince: number | null
  /** What became of the last request for older runs. */
  readonly older: 'idle' | 'loading' | 'failed'
}

export interface RunMonitorOptions {
  /** Follows the runs. @returns stops */
  readonly watchRuns: (listener: RunUpdatesListener) => () => void
  readonly listRuns: (query: { readonly status: string | undefined, readonly cursor: string | undefined }) => Promise<RunPage>
  /** How long a feed has been silent when it counts as stale, in milliseconds. */
  readonly silenceMs: number
  /** The present time, milliseconds since 1970. */
  readonly now: () => number
  /** Calls back soon: changes that come meanwhile are shown together. */
  readonly soon: (callback: () => void) => void
}

/** What a page of the monitor knows, and how it comes to know it. It is kept when the page is left, and goes on from there. */
export class RunMonitor {
  readonly #options: RunMonitorOptions
  readonly #listeners = new Set<() => void>()
  #state: MonitorState = { known: NOTHING_KNOWN, connection: 'connecting', staleSince: null, older: 'idle' }
  #updates: RunSummary[] = []
  #unwatch: () => void = () => {}

  constructor (options: RunMonitorOptions) {
    this.#options = options
  }

  /** What is to be shown: the same object until something changes. */
  readonly state = (): MonitorState => this.#state

  /** Follows the runs while anybody listens. @returns stops calling the listener */
  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#unwatch = this.#options.watchRuns(this.#feedListener())
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stopWatching()
    }
  }

  /** Asks for older runs of a status ('' for all), unless that is being done or all are known. Never rejects. */
  readonly loadOlder = async (status: string): Promise<void> => {
    const cursor = olderThanKnown(this.#state.known, status)
    if (cursor === null || this.#state.older === 'loading') return
    this.#show({ older: 'loading' })
    try {
      const page = await this.#options.listRuns({ status: status === '' ? undefined : status, cursor })
      // A snapshot that came meanwhile may have made the page one of another list.
      const isWanted = olderThanKnown(this.#state.known, status) === cursor
      this.#show({ older: 'idle', ...(isWanted ? { known: withPage(this.#state.known, status, page) } : {}) })
    } catch {
      this.#show({ older: 'failed' })
    }
  }

  #feedListener (): RunUpdatesListener {
    return {
      onSnapshot: (page) => {
        this.#showUpdates()
        this.#show({ known: withSnapshot(this.#state.known, page) })
      },
      onUpdates: (runs) => {
        if (this.#updates.length === 0) this.#options.soon(() => this.#showUpdates())
        this.#updates.push(...runs)
      },
      onConnection: (connection) => this.#showConnection(connection)
    }
  }

  #showUpdates (): void {
    const updates = this.#updates
    this.#updates = []
    if (updates.length > 0) this.#show({ known: withUpdates(this.#state.known, updates) })
  }

  #showConnection (connection: Connection): void {
    const { now, silenceMs } = this.#options
    if (connection === 'live') this.#show({ connection, staleSince: null })
    // What a person may not see any more is not kept.
    else if (connection === 'denied') this.#show({ connection, staleSince: null, known: NOTHING_KNOWN })
    else this.#show({ connection, staleSince: this.#state.staleSince ?? now() - (connection === 'stale' ? silenceMs : 0) })
  }

  #stopWatching (): void {
    this.#unwatch()
    this.#showUpdates()
    this.#showConnection('connecting')
  }

  #show (changes: Partial<MonitorState>): void {
    this.#state = { ...this.#state, ...changes }
    for (const listener of this.#listeners) listener()
  }
}
