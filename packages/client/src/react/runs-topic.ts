import { backoffMs, isAtOrBefore } from '@runcast/protocol'
import { pause } from '../pause.ts'
import { createCaller, type Caller, type ServiceOptions } from '../caller.ts'
import type { Frame } from '../frames.ts'
import { hasType, isTransient, refusal } from '../errors.ts'
import { followStream } from '../follow-stream.ts'
import type { Connection } from './run-topic.ts'
import type { RunPage, RunSummary } from './run-summary.ts'
import { SharedStream, type StreamRole } from './sharing/shared-stream.ts'
import type { StreamPermits } from './sharing/stream-permits.ts'
import type { Tab } from './sharing/tab.ts'

/** Receives the states of runs. */
export interface RunUpdatesListener {
  /** Called with the runs that changed last: on every connection, and sometimes in between. */
  onSnapshot (page: RunPage): void
  /** Called with the new states of changed runs: at most once a frame, each run once. */
  onUpdates (runs: readonly RunSummary[]): void
  onConnection (connection: Connection): void
}

type Message =
  | { readonly kind: 'connection', readonly connection: Connection }
  | { readonly kind: 'snapshot', readonly page: RunPage }
  | { readonly kind: 'update', readonly run: RunSummary }

export interface RunsTopicOptions {
  readonly tab: Tab
  readonly permits: StreamPermits
  readonly service: ServiceOptions
  readonly heartbeatMs: number
}

const VERSION = 1
const READ_AGAIN = { baseMs: 500, maxMs: 10_000 }

/** One tab's part in following the list of runs: its role in the shared stream, and the listeners. */
export class RunsTopic implements StreamRole<Message> {
  readonly #options: RunsTopicOptions
  readonly #caller: Caller
  readonly #stream: SharedStream<Message>
  readonly #stop = new AbortController()
  readonly #listeners = new Set<RunUpdatesListener>()
  #connection: Connection = 'connecting'
  #hasSnapshot = false
  #reading = false
  /** Updates that the listeners have not received yet, by run. */
  #updates = new Map<string, RunSummary>()
  #scheduled = false

  constructor (options: RunsTopicOptions) {
    this.#options = options
    const { tab, permits, service, heartbeatMs } = options
    this.#caller = createCaller(service)
    this.#stream = new SharedStream({ tab, permits, name: `runcast-runs-${VERSION}:${service.url}`, role: this, heartbeatMs })
  }

  start (): void {
    this.#stream.start()
  }

  stop (): void {
    this.#stop.abort()
    this.#stream.stop()
  }

  retry (): void {
    this.#stream.retry()
  }

  listen (listener: RunUpdatesListener): void {
    this.#listeners.add(listener)
    listener.onConnection(this.#connection)
    if (this.#connection === 'live') this.#readPage()
  }

  unlisten (listener: RunUpdatesListener): void {
    this.#listeners.delete(listener)
  }

  elected (): void {
    this.#tell(this.#connection === 'connecting' ? 'connecting' : 'reconnecting')
  }

  isOver (): boolean {
    return false
  }

  isLive (): boolean {
    return this.#connection === 'live'
  }

  async lead (signal: AbortSignal): Promise<boolean> {
    const { heartbeatMs } = this.#options
    const url = this.#caller.url('run-updates/stream')
    try {
      for await (const item of followStream({ caller: this.#caller, url, cursor: () => null, heartbeatMs, signal, read: readMessage })) {
        if (item.kind === 'reconnecting') this.#tell(item.error?.code === 'stalled' ? 'stale' : 'reconnecting')
        else {
          this.#stream.say(item)
          if (item.kind === 'snapshot') this.#tell('live')
        }
      }
      this.#tell('reconnecting')
      return false
    } catch (error) {
      const isRefused = !isTransient(error)
      this.#tell(isRefused ? 'denied' : 'reconnecting')
      return isRefused
    }
  }

  welcome (): Message {
    return { kind: 'connection', connection: this.#connection }
  }

  hear (message: Message): void {
    switch (message.kind) {
      case 'connection':
        return this.#takeConnection(message.connection)
      case 'snapshot':
        return this.#takeSnapshot(message.page)
      case 'update':
        this.#updates.set(message.run.run_id, message.run)
        this.#schedule()
    }
  }

  missLeader (): void {
    this.#takeConnection('stale')
  }

  #tell (connection: Connection): void {
    this.#stream.say({ kind: 'connection', connection })
  }

  #takeConnection (connection: Connection): void {
    const joins = connection === 'live' && !this.#hasSnapshot
    this.#connection = connection
    for (const listener of this.#listeners) listener.onConnection(connection)
    if (joins) this.#readPage()
  }

  #takeSnapshot (page: RunPage): void {
    this.#hasSnapshot = true
    for (const { run_id: runId, last_event_id: lastEventId } of page.runs) {
      const update = this.#updates.get(runId)
      if (update !== undefined && isAtOrBefore(update.last_event_id, lastEventId)) this.#updates.delete(runId)
    }
    for (const listener of this.#listeners) listener.onSnapshot(page)
  }

  #schedule (): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.tab.onNextFrame(() => {
      this.#scheduled = false
      if (!this.#reading) this.#tellUpdates()
    })
  }

  #tellUpdates (): void {
    const runs = [...this.#updates.values()]
    this.#updates.clear()
    if (runs.length === 0) return
    for (const listener of this.#listeners) listener.onUpdates(runs)
  }

  /** Gets the snapshot that this tab has missed. Updates wait for it, since they may be older. */
  async #readPage (): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        this.#takeSnapshot(await fetchPage(this.#caller, this.#stop.signal))
        break
      } catch (error) {
        if (!isTransient(error)) break
        await pause(backoffMs(attempt, READ_AGAIN), this.#stop.signal)
      }
    }
    this.#reading = false
    this.#tellUpdates()
  }
}

async function fetchPage (caller: Caller, signal: AbortSignal): Promise<RunPage> {
  const response = await caller.send(caller.url('workflow-runs'), { headers: { accept: 'application/json' }, cache: 'no-store', signal })
  if (!response.ok || !hasType(response, 'application/json')) throw await refusal(response)
  return await response.json()
}

function readMessage ({ event, data }: Frame): Message | null {
  switch (event) {
    case 'runs_snapshot':
      return { kind: 'snapshot', page: JSON.parse(data) }
    case 'run_updated':
      return { kind: 'update', run: JSON.parse(data) }
    default:
      return null
  }
}
