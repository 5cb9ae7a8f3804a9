import { ORIGIN, seqOf } from '@runcast/protocol'
import type { EventPage, EventPageQuery } from '../../api/types.ts'
import { eventsOf } from './log-page.ts'
import type { SourceEvent } from './log-rows.ts'
import type { LogView } from './log-view.ts'
import { MAX_ROWS, nextId, previousId } from './log-window.ts'

/** News of a stream for the log. */
export type StreamedItem =
  | { readonly kind: 'event', readonly event: SourceEvent }
  | { readonly kind: 'gap', readonly resumedAfter: string, readonly lost: number | null }

/** The state of reading, beside the rows that are held. */
export interface ReaderState {
  /** Tells whether the log has something before the first row. */
  readonly earlier: 'none' | 'more' | 'loading'
  /** The number of events before the first row that are not kept any more. */
  readonly trimmed: number
  /** Tells whether the last row is the newest of the log, so that events of the stream are added. */
  readonly isAtEnd: boolean
  /** Says why the last page could not be read; null when it could. */
  readonly problem: string | null
}

/** Reads a page of the log. */
export type ReadPage = (query: EventPageQuery, signal: AbortSignal) => Promise<EventPage>

// The most that the service gives at once.
const PAGE_EVENTS = 1_000
const CONTEXT_EVENTS = 200

/** Fills the window of a log view: from the end or around an event, on from there both ways, and from the stream. */
export class LogReader {
  #state: ReaderState = { earlier: 'none', trimmed: 0, isAtEnd: false, problem: null }
  /** Events of the stream that came while the page before them was read; null while the stream is of no use. */
  #arrived: StreamedItem[] | null = null
  #opening = new AbortController()
  /** Tells whether the first page is there, so that reading can go on from it. */
  #isFilled = false
  /** The last attempt, when it failed. */
  #failed: (() => Promise<void>) | null = null
  /** Settles with the page before the first row. */
  #readingEarlier: Promise<void> = Promise.resolve()
  /** Settles with the page after the last row; null while none is read. */
  #readingLater: Promise<void> | null = null
  readonly #view: LogView
  readonly #readPage: ReadPage
  readonly #onChange: () => void

  constructor (view: LogView, readPage: ReadPage, onChange: () => void) {
    this.#view = view
    this.#readPage = readPage
    this.#onChange = onChange
  }

  get state (): ReaderState {
    return this.#state
  }

  /**
   * Shows the newest events, and from then on the events of the stream.
   *
   * @param newest gives the last event of the stream, or the one after which it begins
   */
  async openEnd (newest: () => string): Promise<void> {
    const { signal } = this.#begin()
    const open = async () => {
      this.#arrived = []
      const from = newest()
      const page = from === ORIGIN ? null : await this.#readPage({ before: nextId(from), limit: PAGE_EVENTS }, signal)
      if (signal.aborted) return
      this.#fill(page, from)
      this.#attach()
    }
    await this.#attempt(open, signal)
    await this.readEarlier()
  }

  /** Shows an event and the events around it. */
  async openAt (id: string): Promise<void> {
    const { signal } = this.#begin()
    const open = async () => {
      const page = await this.#readPage({ before: nextId(id), limit: CONTEXT_EVENTS }, signal)
      if (signal.aborted) return
      this.#fill(page, id)
    }
    await this.#attempt(open, signal)
    await this.readLater()
  }

  /** Reads the events before the first row. */
  async readEarlier (): Promise<void> {
    if (this.#state.earlier === 'loading') return await this.#readingEarlier
    if (this.#state.earlier === 'none' || this.#failed !== null) return
    const { signal } = this.#opening
    this.#readingEarlier = this.#attempt(async () => {
      this.#set({ earlier: 'loading' })
      const { before } = this.#view.window
      const page = await this.#readPage({ before, limit: PAGE_EVENTS }, signal)
      if (signal.aborted) return
      // Meanwhile the rows that it belongs to may have been dropped, to make room at the other end.
      if (this.#view.window.before !== before) return this.#set({ earlier: 'more' })
      if (this.#view.window.prepend(eventsOf(page))) this.detach()
      this.#set(earlierThan(page))
      this.#view.changed()
    }, signal)
    await this.#readingEarlier
  }

  /** Reads the events after the last row. At the end of the log the stream takes over. */
  async readLater (): Promise<void> {
    if (this.#readingLater !== null) return await this.#readingLater
    if (!this.#isFilled || this.#state.isAtEnd || this.#arrived !== null || this.#failed !== null) return
    const { signal } = this.#opening
    const reading = this.#attempt(async () => {
      this.#arrived = []
      const { after } = this.#view.window
      const page = await this.#readPage({ after, limit: PAGE_EVENTS }, signal)
      if (signal.aborted) return
      if (this.#view.window.after !== after) {
        this.#arrived = null
        return
      }
      const gap = page.gap === null ? [] : [{ kind: 'gap' as const, resumedAfter: page.gap.resumed_after, lost: page.gap.lost }]
      this.#apply([...gap, ...eventsOf(page).map((event) => ({ kind: 'event' as const, event }))])
      if (page.more) this.#arrived = null
      else this.#attach()
    }, signal)
    this.#readingLater = reading
    await reading
    if (this.#readingLater === reading) this.#readingLater = null
  }

  /** Repeats the attempt that has failed. */
  async retry (): Promise<void> {
    const failed = this.#failed
    if (failed !== null) await this.#attempt(failed, this.#opening.signal)
  }

  /** Tells whether one more page can be held without dropping another. */
  get hasRoom (): boolean {
    return this.#view.window.end - this.#view.window.start < MAX_ROWS - PAGE_EVENTS
  }

  /** Reads the events before the first row, as far as they can be held. */
  async readAllEarlier (): Promise<void> {
    const { signal } = this.#opening
    while (!signal.aborted && this.#state.earlier !== 'none' && this.hasRoom && this.#failed === null) await this.readEarlier()
  }

  /** Reads the events after the last row, as far as they can be held. */
  async readAllLater (): Promise<void> {
    const { signal } = this.#opening
    while (!signal.aborted && !this.#state.isAtEnd && this.hasRoom && this.#failed === null) {
      const { after } = this.#view.window
      await this.readLater()
      // Nothing is open yet, or another call reads.
      if (this.#view.window.after === after) return
    }
  }

  /** Takes news of the stream, in its order. */
  take (items: readonly StreamedItem[]): void {
    if (this.#state.isAtEnd) this.#apply(items)
    else this.#arrived?.push(...items)
  }

  /** Ignores the stream until the end is read again. */
  detach (): void {
    this.#arrived = null
    this.#set({ isAtEnd: false })
  }

  /** Ends all reading. */
  close (): void {
    this.#opening.abort()
  }

  async #attempt (operation: () => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#failed = null
    if (this.#state.problem !== null) this.#set({ problem: null })
    try {
      await operation()
    } catch (error) {
      if (signal.aborted) return
      this.#failed = operation
      this.#arrived = null
      this.#set({ problem: messageOf(error), ...(this.#state.earlier === 'loading' ? { earlier: 'more' as const } : {}) })
    }
  }

  #begin (): AbortController {
    this.#opening.abort()
    this.#opening = new AbortController()
    this.#isFilled = false
    this.#arrived = null
    this.#readingLater = null
    this.#failed = null
    this.#set({ earlier: 'none', trimmed: 0, isAtEnd: false, problem: null })
    return this.#opening
  }

  #fill (page: EventPage | null, after: string): void {
    const { window } = this.#view
    const events = page === null ? [] : eventsOf(page)
    window.reset(events[0] === undefined ? after : previousId(events[0].id))
    window.append(events)
    this.#isFilled = true
    this.#set(page === null ? { earlier: 'none', trimmed: 0 } : earlierThan(page))
    this.#view.changed()
  }

  #apply (items: readonly StreamedItem[]): void {
    const { window } = this.#view
    let droppedFront = false
    for (const item of items) {
      if (item.kind === 'gap') window.gap(item.resumedAfter, item.lost)
      else droppedFront = window.append([item.event]) || droppedFront
    }
    if (droppedFront) this.#set({ earlier: 'more', trimmed: 0 })
    if (items.length > 0) this.#view.changed()
  }

  #attach (): void {
    const arrived = this.#arrived ?? []
    this.#arrived = null
    this.#set({ isAtEnd: true })
    this.#apply(arrived)
  }

  #set (change: Partial<ReaderState>): void {
    this.#state = { ...this.#state, ...change }
    this.#onChange()
  }
}

function earlierThan ({ events, more }: EventPage): Pick<ReaderState, 'earlier' | 'trimmed'> {
  const first = events[0]
  return { earlier: more ? 'more' : 'none', trimmed: more || first === undefined ? 0 : seqOf(first.id) - 1 }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : 'The service gave no page of the log.'
}
