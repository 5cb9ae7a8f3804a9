import type { LogRow } from './log-rows.ts'
import type { LogWindow } from './log-window.ts'

/** The places of the rows in a window that meet a condition, kept up to date as the window grows and shrinks. */
export class Selection {
  readonly #matches: (row: LogRow) => boolean
  #places: number[] = []
  #generation = -1
  /** The range of places that was examined. */
  #from = 0
  #to = 0

  constructor (matches: (row: LogRow) => boolean) {
    this.#matches = matches
  }

  /** In ascending order. */
  get places (): readonly number[] {
    return this.#places
  }

  /**
   * Examines new rows, the newest first.
   *
   * @param budget the most rows to examine at each end
   * @returns true when all rows are examined
   */
  update (window: LogWindow, budget = Infinity): boolean {
    this.#forget(window)
    const last = Math.min(window.end, this.#to + budget)
    for (; this.#to < last; this.#to++) this.#look(window, this.#to, this.#places)
    const first = Math.max(window.start, this.#from - budget)
    if (first < this.#from) {
      const found: number[] = []
      for (let place = first; place < this.#from; place++) this.#look(window, place, found)
      this.#places = found.concat(this.#places)
      this.#from = first
    }
    return this.#from === window.start && this.#to === window.end
  }

  /** Drops the places that the window does not hold any more. */
  #forget (window: LogWindow): void {
    if (this.#generation !== window.generation || this.#to <= window.start || this.#from >= window.end) {
      this.#generation = window.generation
      this.#places = []
      this.#from = this.#to = window.end
    }
    if (this.#from < window.start) {
      this.#from = window.start
      this.#places = this.#places.slice(indexOf(this.#places, window.start))
    }
    if (this.#to > window.end) {
      this.#to = window.end
      this.#places.length = indexOf(this.#places, window.end)
    }
  }

  #look (window: LogWindow, place: number, found: number[]): void {
    const row = window.at(place)
    if (row !== undefined && this.#matches(row)) found.push(place)
  }
}

/** Counts the ascending numbers below a bound: the index of the first one that is not. */
export function indexOf (ascending: readonly number[], bound: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? Infinity) < bound) low = middle + 1
    else high = middle
  }
  return low
}
