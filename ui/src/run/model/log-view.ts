import { msOf } from '@runcast/protocol'
import type { LogRow } from './log-rows.ts'
import { LogWindow } from './log-window.ts'
import { ALL_ROWS, isShown, showsAll, type RowFilter } from './row-filter.ts'
import { searchPattern } from './search-pattern.ts'
import { indexOf, Selection } from './selection.ts'

// Searching a full window at once would hold up a few frames.
const SEARCHED_AT_ONCE = 20_000

/**
 * The rows of a window that a filter leaves, up to a moment, and the hits of a search among them. Here an index counts
 * rows from 0. A place stays the same when the window grows at the front.
 */
export class LogView {
  readonly window = new LogWindow()
  #filter: RowFilter = ALL_ROWS
  #query = ''
  #until: number | null = null
  #shown: Selection | null = null
  #hits: Selection | null = null
  #isSearching = false
  #version = 0
  readonly #listeners = new Set<() => void>()
  readonly #soon: (callback: () => void) => void

  /** @param soon calls back after others had their turn */
  constructor (soon: (callback: () => void) => void) {
    this.#soon = soon
  }

  /** Calls back after every change. @returns stops it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A number that changes with every change. */
  readonly version = (): number => this.#version

  get filter (): RowFilter {
    return this.#filter
  }

  /** The text that is searched for; '' for none. */
  get query (): string {
    return this.#query
  }

  /** Tells whether the search has not seen all rows yet. */
  get isSearching (): boolean {
    return this.#isSearching
  }

  /** The number of rows that are shown. */
  get count (): number {
    const all = this.#shown === null ? this.window.end - this.window.start : this.#shown.places.length
    return this.#until === null ? all : this.#countUntil(this.#until, all)
  }

  /** The number of rows that the search hits. */
  get hitCount (): number {
    const hits = this.#hits?.places ?? []
    if (this.#until === null) return hits.length
    const { count } = this
    return count === 0 ? 0 : indexOf(hits, this.placeAt(count - 1) + 1)
  }

  /** The place of a shown row. */
  placeAt (index: number): number {
    if (this.#shown === null) return this.window.start + index
    return this.#shown.places[index] ?? this.window.end
  }

  /** The time at which the first row was stored, in milliseconds since 1970; 0 without one. */
  get firstTime (): number {
    const first = this.window.at(this.window.start)
    return first === undefined ? 0 : msOf(first.id)
  }

  /** A shown row. */
  rowAt (index: number): LogRow | undefined {
    return this.window.at(this.placeAt(index))
  }

  /** The index of the shown row at a place, or of the first after it. */
  indexOf (place: number): number {
    return this.#shown === null ? place - this.window.start : indexOf(this.#shown.places, place)
  }

  /** The place of a hit, counted from 0 at the front. */
  hitAt (number: number): number | undefined {
    return this.#hits?.places[number]
  }

  /** The number of hits before a place. */
  hitsBefore (place: number): number {
    return indexOf(this.#hits?.places ?? [], place)
  }

  setFilter (filter: RowFilter): void {
    this.#filter = filter
    this.#shown = showsAll(filter) ? null : new Selection((row) => isShown(row, filter))
    this.#search()
  }

  setQuery (query: string): void {
    this.#query = query
    this.#search()
  }

  /** Hides rows that were stored after a moment, in milliseconds since 1970; null shows all. */
  setUntil (until: number | null): void {
    this.#until = until
    this.changed()
  }

  /** To be called when the window has changed. */
  changed (): void {
    this.#shown?.update(this.window)
    this.#searchOn()
    this.#tell()
  }

  #search (): void {
    const pattern = searchPattern(this.#query)
    const filter = this.#filter
    this.#hits = pattern === null ? null : new Selection((row) => isShown(row, filter) && pattern.test(row.text))
    this.changed()
  }

  #searchOn (): void {
    const hits = this.#hits
    const done = hits?.update(this.window, SEARCHED_AT_ONCE) ?? true
    if (!done && !this.#isSearching) this.#soon(() => this.#continue())
    this.#isSearching = !done
  }

  #continue (): void {
    if (!this.#isSearching) return
    this.#isSearching = false
    this.#searchOn()
    this.#tell()
  }

  #countUntil (until: number, all: number): number {
    let low = 0
    let high = all
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.rowAt(middle)?.storedAt ?? Infinity) <= until) low = middle + 1
      else high = middle
    }
    return low
  }

  #tell (): void {
    this.#version++
    for (const listener of this.#listeners) listener()
  }
}
