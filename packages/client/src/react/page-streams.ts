import { createCaller, type ServiceOptions } from '../caller.ts'
import { EventStore } from './event-store.ts'
import { RunTopic } from './run-topic.ts'
import { RunView, type From } from './run-view.ts'
import { RunsTopic, type RunUpdatesListener } from './runs-topic.ts'
import { Lingering, type Running, type Use } from './sharing/lingering.ts'
import { StreamPermits } from './sharing/stream-permits.ts'
import type { Tab } from './sharing/tab.ts'

export interface StreamOptions extends Partial<ServiceOptions> {
  /** The service's heartbeat interval, in milliseconds. After three without a byte the connection counts as dead. Defaults to 15,000. */
  readonly heartbeatMs?: number
}

export interface RunStreamOptions extends StreamOptions {
  /** The beginning of `events`. Defaults to `first`: all events that are still kept. */
  readonly from?: From
  /** The most events to keep; the newest stay. Defaults to all. */
  readonly maxEvents?: number
}

/** The events of a run, gathered as long as a component uses them. */
export interface FollowedRun extends Running {
  readonly store: EventStore
}

const HEARTBEAT_MS = 15_000
const MISSED_HEARTBEATS = 3

/** Names the events that options ask for. Components with the same name share them. */
export function nameOf (runId: string, { url = '', from = 'first', maxEvents }: RunStreamOptions): string {
  return JSON.stringify([url, runId, from, maxEvents])
}

/** The streams that one page follows, shared with the other tabs of its origin. */
export class PageStreams {
  readonly #tab: Tab
  readonly #permits: StreamPermits
  readonly #runs = new Lingering<FollowedRun>()
  readonly #topics = new Lingering<RunTopic>()
  readonly #runLists = new Lingering<RunsTopic>()

  constructor (tab: Tab) {
    this.#tab = tab
    this.#permits = new StreamPermits(tab)
  }

  /** Gives the run that is followed under a name; undefined if there is none. */
  followed (name: string): FollowedRun | undefined {
    return this.#runs.get(name)
  }

  /** Follows a run. The first caller's credentials are used. */
  followRun (runId: string, options: RunStreamOptions): Use<FollowedRun> {
    return this.#runs.use(nameOf(runId, options), () => {
      const { from = 'first', maxEvents = Infinity, heartbeatMs = HEARTBEAT_MS, ...given } = options
      const service = { ...given, url: given.url ?? '' }
      const topic = this.#topics.use(JSON.stringify([service.url, runId]), () => new RunTopic({ ...this.#shared(options), service, runId }))
      const store = new EventStore(maxEvents, this.#tab.onNextFrame)
      const source = { caller: createCaller(service), runId, silenceMs: MISSED_HEARTBEATS * heartbeatMs }
      const view = new RunView({ topic: topic.value, source, from, store })
      const stop = () => {
        view.stop()
        topic.release()
      }
      return { store, start: () => view.start(), stop, retry: () => topic.value.retry() }
    })
  }

  /** Follows the list of runs. @returns a function that stops calling the listener */
  watchRuns (listener: RunUpdatesListener, options: StreamOptions): () => void {
    const service = { ...options, url: options.url ?? '' }
    const topic = this.#runLists.use(service.url, () => new RunsTopic({ ...this.#shared(options), service }))
    topic.value.listen(listener)
    return () => {
      topic.value.unlisten(listener)
      topic.release()
    }
  }

  #shared ({ heartbeatMs = HEARTBEAT_MS }: StreamOptions) {
    return { tab: this.#tab, permits: this.#permits, heartbeatMs }
  }
}
