import type { Connection, RunPage, RunSummary, RunUpdatesListener } from '@runcast/client/react'
import { outcomeOf, type Outcome } from '@runcast/protocol'
import { NOTHING_KNOWN, olderThanKnown, withPage, withSnapshot, withUpdates, type KnownRuns } from './known-runs.ts'

/** The state of the monitor page, without its filter. */
export interface MonitorState {
  readonly known: KnownRuns
  readonly connection: Connection
  /** The time at which the service was last heard, in milliseconds since 1970; null while the list is live. */
  readonly staleSince: number | null
  /** The state of the last request for older runs. */
  readonly older: 'idle' | 'loading' | 'failed'
}

export interface RunMonitorOptions {
  /** Follows the runs. @returns stops */
  readonly watchRuns: (listener: RunUpdatesListener) => () => void
  readonly listRuns: (query: { readonly status?: string, readonly outcome?: Outcome, readonly cursor: string | undefined }) => Promise<RunPage>
  /** The silence after which a feed counts as stale, in milliseconds. */
  readonly silenceMs: number
  /** The present time, in milliseconds since 1970. */
  readonly now: () => number
  /** Calls back soon: changes that come meanwhile are shown together. */
  readonly soon: (callback: () => void) => void
}

/** Follows the runs and loads older ones. It is kept when the page is left, and goes on from there. */
export class RunMonitor {
  readonly #options: RunMonitorOptions
  readonly #listeners = new Set<() => void>()
  #state: MonitorState = { known: NOTHING_KNOWN, connection: 'connecting', staleSince: null, older: 'idle' }
  #updates: RunSummary[] = []
  #unwatch: () => void = () => {}

  constructor (options: RunMonitorOptions) {
    this.#options = options
  }

  /** The state: the same object until something changes. */
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

  /** Loads older runs of an outcome or a status ('' for all), unless it does so already or all are known. Never rejects. */
  readonly loadOlder = async (status: string): Promise<void> => {
    const cursor = olderThanKnown(this.#state.known, status)
    if (cursor === null || this.#state.older === 'loading') return
    this.#show({ older: 'loading' })
    try {
      const page = await this.#options.listRuns({ ...queryOf(status), cursor })
      // A snapshot that came meanwhile may have begun another list.
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
    // Runs that the person may not see any more are dropped.
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

/** The query for the runs of an outcome or a status, '' for all. */
function queryOf (status: string): { readonly status?: string, readonly outcome?: Outcome } {
  const outcome = outcomeOf(status)
  return status === '' ? {} : outcome === null ? { status } : { outcome }
}
