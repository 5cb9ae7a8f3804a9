import { seqOf, type EventId } from '@runcast/protocol'
import type { LogEvent } from '../run-log/run-log.ts'
import { eventFrame } from '../sse/frames.ts'

/** An event with its encoded frame. */
export interface EncodedEvent {
  readonly event: LogEvent
  readonly frame: string
}

/** Encodes an event, once for all followers. */
export function encodeEvent (event: LogEvent): EncodedEvent {
  return { event, frame: eventFrame(event) }
}

/** The newest events of one run, without a hole, bounded by number and size. The oldest fall out. */
export class Ring {
  readonly #maxEvents: number
  readonly #maxCharacters: () => number
  #entries: EncodedEvent[] = []
  #characters = 0

  /** @param maxCharacters gives the most characters of all frames together, which may change */
  constructor (maxEvents: number, maxCharacters: () => number) {
    this.#maxEvents = maxEvents
    this.#maxCharacters = maxCharacters
  }

  /** Adds the successor of the newest event. */
  push (entry: EncodedEvent): void {
    this.#entries.push(entry)
    this.#characters += entry.frame.length
    // Trimmed in strides, since every trim moves all the rest.
    if (this.#entries.length > this.#maxEvents * 1.25 || this.#characters > this.#maxCharacters() * 1.25) this.trim()
  }

  /** Lets go of the oldest events until the bounds hold. */
  trim (): void {
    const maxCharacters = this.#maxCharacters()
    let drop = Math.max(0, this.#entries.length - this.#maxEvents)
    for (let index = 0; index < drop; index++) this.#characters -= this.#entries[index]?.frame.length ?? 0
    while (this.#characters > maxCharacters && drop < this.#entries.length) {
      this.#characters -= this.#entries[drop]?.frame.length ?? 0
      drop++
    }
    if (drop > 0) this.#entries.splice(0, drop)
  }

  /**
   * Adds history before the oldest event, as much as the bounds allow and the ids prove.
   *
   * @param events in order, each the successor of the one before
   * @param last the id of the run's newest event, for an empty ring
   */
  prepend (events: readonly LogEvent[], last: EventId): void {
    const before = this.#entries[0]?.event.prev ?? last
    const end = events.findIndex((event) => event.id === before) + 1
    const older = events.slice(Math.max(0, end - (this.#maxEvents - this.#entries.length)), end).map(encodeEvent)
    const characters = older.reduce((sum, entry) => sum + entry.frame.length, 0)
    if (older.length === 0 || this.#characters + characters > this.#maxCharacters()) return
    this.#entries.unshift(...older)
    this.#characters += characters
  }

  /** The events after a cursor that is the exact id of an event here, or the id before the first; null for others. */
  after (cursor: EventId): readonly EncodedEvent[] | null {
    const first = this.#entries[0]
    if (first === undefined) return null
    if (first.event.prev === cursor) return this.#entries
    const index = this.#indexOf(cursor)
    return index === -1 ? null : this.#entries.slice(index + 1)
  }

  has (id: EventId): boolean {
    return this.#indexOf(id) !== -1
  }

  /** The ids, newest first. */
  ids (): EventId[] {
    return this.#entries.map((entry) => entry.event.id).reverse()
  }

  /** Forgets all events after this one; all events when this one is not here. */
  cutAfter (id: EventId): void {
    this.#entries.length = this.#indexOf(id) + 1
    this.#characters = this.#entries.reduce((sum, entry) => sum + entry.frame.length, 0)
  }

  #indexOf (id: EventId): number {
    const first = this.#entries[0]
    if (first === undefined) return -1
    const index = seqOf(id) - seqOf(first.event.id)
    return this.#entries[index]?.event.id === id ? index : -1
  }
}
