import { msOf, ORIGIN, PUBLISH_REFUSED, type EventId } from '@runcast/protocol'
import { effectOf } from '../run-log/effect.ts'
import type { LiveMessage } from '../run-log/live-message.ts'
import { noFacts, type LogEvent, type LogFacts } from '../run-log/run-log.ts'
import type { TerminalStatuses } from '../run-log/terminal-statuses.ts'
import type { Filter } from './filter.ts'
import { pageOf, type EncodedPage } from './pages.ts'
import { encodeEvent, type EncodedEvent, type Ring } from './ring.ts'

/**
 * One tenant's view of a run in memory: its newest events, each the proved successor of the one before, and the facts
 * of the run. Only remembers: reading the log and telling followers is for others.
 */
export class Chain {
  readonly #tenant: string
  readonly #terminalStatuses: TerminalStatuses
  readonly #ring: Ring
  #facts = noFacts(0)
  #last: EventId = ORIGIN
  /** The newest event since the facts were learned that is no remark of the service; null when there is none. */
  #lastOwn: EventId | null = null

  constructor (tenant: string, terminalStatuses: TerminalStatuses, ring: Ring) {
    this.#tenant = tenant
    this.#terminalStatuses = terminalStatuses
    this.#ring = ring
  }

  /** The id of the newest event known. */
  get last (): EventId {
    return this.#last
  }

  /** The facts of the run as far as they are known. */
  get facts (): LogFacts {
    // The counts of the types are read from the log where they are told.
    if (this.#facts.last !== this.#last) {
      const quietSince = this.#lastOwn === null ? this.#facts.quietSince : msOf(this.#lastOwn)
      this.#facts = { ...this.#facts, last: this.#last, quietSince, counts: null }
    }
    return this.#facts
  }

  /** True once the run has a terminal status. */
  get isFinished (): boolean {
    return this.#facts.terminalId !== null
  }

  /** The ids in memory, newest first. */
  ids (): EventId[] {
    return this.#ring.ids()
  }

  /** True for the facts of a run that this tenant may see: its own, or one that does not exist. */
  shows (facts: LogFacts): boolean {
    return !facts.exists || facts.tenant === this.#tenant
  }

  /** True when the log's facts are no news. */
  isLevelWith (facts: LogFacts): boolean {
    return facts.exists === this.#facts.exists && facts.last === this.#last
  }

  /** Takes over the facts that the log gave, but for the newest event: it counts as known once it is added. */
  learn (facts: LogFacts): void {
    this.#facts = { ...facts, last: this.#last }
    this.#lastOwn = null
  }

  /** Picks the events of a live message that follow the newest one; null when the message does not continue the chain. */
  newIn ({ prev, last, events }: LiveMessage): readonly LogEvent[] | null {
    if (!this.#facts.exists) return null
    if (events === null) return last === this.#last ? [] : null
    if (prev === this.#last) return events
    const known = events.findIndex((event) => event.id === this.#last)
    if (known !== -1) return events.slice(known + 1)
    return this.#ring.has(last) ? [] : null
  }

  /** Adds the successor of the newest event. */
  add (event: LogEvent): EncodedEvent {
    const entry = encodeEvent(event)
    this.#ring.push(entry)
    this.#last = event.id
    if (event.type !== PUBLISH_REFUSED) this.#lastOwn = event.id
    if (event.type === 'status_change') this.#noticeStatus(event)
    return entry
  }

  /** Adds older events in front, if they join the oldest in memory. */
  addOlder (events: readonly LogEvent[]): void {
    this.#ring.prepend(events, this.#last)
  }

  /** Moves to another place of the log, and forgets all events but those up to that place. */
  moveTo (position: EventId): void {
    this.#ring.cutAfter(position)
    this.#last = position
  }

  /** The events after a cursor; null when they are not in memory. */
  after (cursor: EventId, filter: Filter): EncodedPage | null {
    if (cursor === this.#last) return this.#facts.exists ? this.end(filter) : null
    const entries = this.#ring.after(cursor)
    return entries === null ? null : pageOf(this.facts, cursor, entries, filter)
  }

  /** The place after the newest event, as a page without events. */
  end (filter: Filter): EncodedPage {
    return pageOf(this.facts, this.#last, [], filter)
  }

  /** Lets go of the oldest events when there is less memory for each topic. */
  trim (): void {
    this.#ring.trim()
  }

  #noticeStatus (event: LogEvent): void {
    const effect = effectOf(event.type, JSON.parse(event.data), this.#terminalStatuses)
    if (effect?.status === undefined || this.#facts.terminalId !== null) return
    this.#facts = { ...this.#facts, status: effect.status, terminalId: effect.outcome !== undefined ? event.id : null }
  }
}
