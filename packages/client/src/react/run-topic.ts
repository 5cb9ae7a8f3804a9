import type { ServiceOptions } from '../caller.ts'
import { isTransient } from '../errors.ts'
import { follow } from '../follow.ts'
import { isStatusChange } from '../payloads.ts'
import type { ControlFrame, Reconnecting, RunEvent } from '../stream-items.ts'
import { createTicker } from './sharing/ticker.ts'
import { SharedStream, type StreamRole } from './sharing/shared-stream.ts'
import type { StreamPermits } from './sharing/stream-permits.ts'
import type { Tab } from './sharing/tab.ts'

/**
 * The state of a stream: `waiting` for a run that does not exist yet; `reconnecting` after a broken connection and
 * `stale` after a silent one; `ended` with the run; `denied` after a final refusal.
 */
export type Connection = 'connecting' | 'waiting' | 'live' | 'reconnecting' | 'stale' | 'ended' | 'denied'

/** The state of a run's stream, which all tabs share. */
export interface TopicState {
  readonly connection: Connection
  /** The id of the last event, or the id before the first event; null before the first connection. */
  readonly position: string | null
  /** The run's status in lower case. */
  readonly status: string | null
  /** The number of gaps so far. Each may make events void that a listener holds. */
  readonly gaps: number
}

/** Consecutive events. `prev` is the id before the first of them. */
export interface Batch {
  readonly prev: string
  readonly events: readonly RunEvent[]
}

/** Receives the events and states of a topic. */
export interface TopicListener {
  batchCame (batch: Batch): void
  stateChanged (): void
}

type Message =
  | { readonly kind: 'state', readonly state: TopicState }
  | { readonly kind: 'batch', readonly batch: Batch }

export interface RunTopicOptions {
  readonly tab: Tab
  readonly permits: StreamPermits
  readonly service: ServiceOptions
  readonly runId: string
  readonly heartbeatMs: number
}

/** Must change with the shape of the messages: pages of an earlier version may still be open. */
const VERSION = 1

/** One tab's part in following a run: its role in the shared stream, the stream's state, and the listeners. */
export class RunTopic implements StreamRole<Message> {
  readonly #options: RunTopicOptions
  readonly #stream: SharedStream<Message>
  readonly #listeners = new Set<TopicListener>()
  #state: TopicState = { connection: 'connecting', position: null, status: null, gaps: 0 }

  constructor (options: RunTopicOptions) {
    this.#options = options
    const { tab, permits, service, runId, heartbeatMs } = options
    this.#stream = new SharedStream({ tab, permits, name: `runcast-run-${VERSION}:${service.url}:${runId}`, role: this, heartbeatMs })
  }

  get state (): TopicState {
    return this.#state
  }

  start (): void {
    this.#stream.start()
  }

  stop (): void {
    this.#stream.stop()
  }

  retry (): void {
    this.#stream.retry()
  }

  listen (listener: TopicListener): void {
    this.#listeners.add(listener)
  }

  unlisten (listener: TopicListener): void {
    this.#listeners.delete(listener)
  }

  elected (): void {
    if (!this.isOver()) this.#tell({ connection: this.#state.position === null ? 'connecting' : 'reconnecting' })
  }

  isOver (): boolean {
    return this.#state.connection === 'ended'
  }

  isLive (): boolean {
    return this.#state.connection === 'live' || this.#state.connection === 'waiting'
  }

  async lead (signal: AbortSignal): Promise<boolean> {
    const { service, runId, heartbeatMs } = this.#options
    let { position } = this.#state
    let events: RunEvent[] = []
    const flush = () => {
      if (position === null || events.length === 0) return
      this.#stream.say({ kind: 'batch', batch: { prev: position, events } })
      position = events.at(-1)?.id ?? position
      events = []
    }
    const ticker = createTicker(flush)
    // Each listener reads its own beginning from the log.
    const from = position === null ? { from: 'now' as const } : { lastEventId: position }
    try {
      for await (const item of follow({ ...service, ...from, runId, heartbeatMs, signal })) {
        if (item.kind === 'event') {
          if (events.push(item) === 1) ticker.tick()
        } else {
          flush()
          position = positionOf(item) ?? position
          this.#takeFrame(item)
        }
      }
      flush()
      if (!this.isOver()) this.#tell({ connection: signal.aborted ? 'reconnecting' : 'ended' })
      return false
    } catch (error) {
      flush()
      const isRefused = !isTransient(error)
      this.#tell({ connection: isRefused ? 'denied' : 'reconnecting' })
      return isRefused
    } finally {
      ticker.stop()
    }
  }

  welcome (): Message {
    return { kind: 'state', state: this.#state }
  }

  hear (message: Message): void {
    if (message.kind === 'state') {
      this.#state = message.state
      for (const listener of this.#listeners) listener.stateChanged()
      return
    }
    this.#state = afterBatch(this.#state, message.batch)
    for (const listener of this.#listeners) listener.batchCame(message.batch)
  }

  missLeader (): void {
    this.hear({ kind: 'state', state: { ...this.#state, connection: 'stale' } })
  }

  #takeFrame (frame: ControlFrame | Reconnecting): void {
    const position = positionOf(frame) ?? this.#state.position
    switch (frame.kind) {
      case 'stream_open':
        return this.#tell({ connection: frame.data.mode === 'waiting' ? 'waiting' : 'live', position, status: frame.data.status })
      case 'stream_gap':
        return this.#tell({ position, gaps: this.#state.gaps + 1 })
      case 'stream_end':
        return this.#tell({ connection: 'ended', position, status: frame.data.status })
      case 'reconnecting':
        return this.#tell({ connection: frame.error?.code === 'stalled' ? 'stale' : 'reconnecting' })
    }
  }

  #tell (change: Partial<TopicState>): void {
    this.#stream.say({ kind: 'state', state: { ...this.#state, ...change } })
  }
}

function afterBatch (state: TopicState, { events }: Batch): TopicState {
  return {
    ...state,
    connection: state.connection === 'waiting' ? 'live' : state.connection,
    position: events.at(-1)?.id ?? state.position,
    status: events.reduce(statusAfter, state.status)
  }
}

/** Ignores a status_change with a step: it is about that step only. */
function statusAfter (status: string | null, event: RunEvent): string | null {
  return isStatusChange(event) && (event.data.step ?? '') === '' ? event.data.status.toLowerCase() : status
}

/** Reads the stream's position from a frame; null if the frame has none. */
function positionOf (frame: ControlFrame | Reconnecting): string | null {
  switch (frame.kind) {
    case 'stream_open':
      return frame.data.position
    case 'stream_gap':
      return frame.data.resumed_after
    case 'stream_end':
      return frame.data.last_event_id
    default:
      return null
  }
}
