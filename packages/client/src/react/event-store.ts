import { isAtOrBefore, msOf } from '@runcast/protocol'
import type { RunEvent } from '../stream-items.ts'
import type { Gap } from './read-log.ts'
import type { Connection } from './run-topic.ts'

/** The state of a run's stream. Unchanged parts stay the same objects from one state to the next. */
export interface RunStream {
  /** The events in order, each once. */
  readonly events: readonly RunEvent[]
  /** The run's status in lower case; null before the first. */
  readonly status: string | null
  readonly connection: Connection
  /** The last gap. `events` goes on after its `resumed_after`. */
  readonly gap: Gap | null
  /** The time when the last of `events` was stored, by the service's clock, in milliseconds since 1970. */
  readonly lastEventAt: number | null
}

/** The state before a connection, and on a server. */
export const NOTHING_KNOWN: RunStream = { events: [], status: null, connection: 'connecting', gap: null, lastEventAt: null }

/** The most characters of JSON text that are kept. The parsed events take about as much again. */
const MAX_CHARACTERS = 32_000_000

/** Gathers events outside of React. However many come, it calls its subscribers at most once a frame. */
export class EventStore {
  readonly #maxEvents: number
  readonly #onNextFrame: (callback: () => void) => void
  readonly #subscribers = new Set<() => void>()
  #snapshot = NOTHING_KNOWN
  #next = NOTHING_KNOWN
  /** Events to be added after `#next.events`. */
  #added: RunEvent[] = []
  #scheduled = false
  /** The characters of `#next.events`. */
  #characters = 0

  /**
   * @param maxEvents the most events that are kept; the newest stay
   * @param onNextFrame calls back once, before the next frame
   */
  constructor (maxEvents: number, onNextFrame: (callback: () => void) => void) {
    this.#maxEvents = maxEvents
    this.#onNextFrame = onNextFrame
  }

  get snapshot (): RunStream {
    return this.#snapshot
  }

  /** @returns a function that ends the subscription */
  subscribe (callback: () => void): () => void {
    this.#subscribers.add(callback)
    return () => { this.#subscribers.delete(callback) }
  }

  append (events: readonly RunEvent[]): void {
    for (const event of events) this.#added.push(event)
    this.#schedule()
  }

  /** Notes a gap, and drops the events after the id from which the stream goes on. */
  gap (gap: Gap): void {
    this.#fold()
    const valid = this.#next.events.filter(({ id }) => isAtOrBefore(id, gap.resumed_after))
    this.#characters = sizeOf(valid)
    this.#next = { ...this.#next, events: valid, lastEventAt: timeOf(valid.at(-1)), gap }
    this.#schedule()
  }

  show (state: Pick<RunStream, 'connection' | 'status'>): void {
    if (state.connection === this.#next.connection && state.status === this.#next.status) return
    this.#next = { ...this.#next, ...state }
    this.#schedule()
  }

  #schedule (): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#onNextFrame(() => {
      this.#scheduled = false
      this.#fold()
      if (this.#snapshot === this.#next) return
      this.#snapshot = this.#next
      for (const callback of this.#subscribers) callback()
    })
  }

  #fold (): void {
    if (this.#added.length === 0) return
    const all = this.#next.events.concat(this.#added)
    this.#characters += sizeOf(this.#added)
    let first = 0
    const isTooMuch = () => all.length - first > this.#maxEvents || this.#characters > MAX_CHARACTERS
    // The newest event stays, however large it is.
    while (first < all.length - 1 && isTooMuch()) this.#characters -= all[first++]?.raw.length ?? 0
    const events = first === 0 ? all : all.slice(first)
    this.#next = { ...this.#next, events, lastEventAt: timeOf(events.at(-1)) }
    this.#added = []
  }
}

function sizeOf (events: readonly RunEvent[]): number {
  return events.reduce((sum, { raw }) => sum + raw.length, 0)
}

function timeOf (event: RunEvent | undefined): number | null {
  return event === undefined ? null : msOf(event.id)
}
