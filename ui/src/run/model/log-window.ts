import { isAtOrBefore, joinEventId, msOf, ORIGIN, seqOf } from '@runcast/protocol'
import { gapRow, rowsOf, type LogRow, type SourceEvent } from './log-rows.ts'

/** The most rows that are held. Rows furthest from the reader are dropped, and read again when they are needed. */
export const MAX_ROWS = 200_000

// Rows are dropped in large steps, since each step moves the whole list.
const DROPPED_ROWS = 20_000

// Far enough that no place is used again.
const PLACES_APART = 1_000_000_000

/**
 * A part of a run's log as rows. Every hole in it is marked by a gap row. A row is named by its place, an integer that
 * never changes: the list grows at the front (places below `start`) and at the end.
 */
export class LogWindow {
  /** The place of the first row. */
  start = 0
  /** Changes when places get other rows. */
  generation = 0
  /** A bound at or right before the first event: a query before it gives earlier events. */
  before = nextId(ORIGIN)
  /** The id of the last event, or of the one before the first: a query after it gives later events. */
  after: string = ORIGIN
  #rows: LogRow[] = []

  /** The place after the last row. */
  get end (): number {
    return this.start + this.#rows.length
  }

  /** The row at a place, if it is held. */
  at (place: number): LogRow | undefined {
    return this.#rows[place - this.start]
  }

  /** Begins anew after an event; `0-0` is before the first. */
  reset (after: string): void {
    this.#rows = []
    this.generation++
    this.start = this.generation * PLACES_APART
    this.before = nextId(after)
    this.after = after
  }

  /**
   * Adds the events that follow. An event that is held already is left out. A hole in their numbers that no gap has told
   * of gets a gap row.
   *
   * @returns true when the front was dropped to make room
   */
  append (events: readonly SourceEvent[]): boolean {
    for (const event of events) {
      const missing = seqOf(event.id) - seqOf(this.after) - 1
      if (missing < 0 && msOf(event.id) <= msOf(this.after)) continue
      if (missing > 0) this.#rows.push(gapRow(this.after, missing))
      for (const row of rowsOf(event)) this.#rows.push(row)
      this.after = event.id
    }
    if (this.#rows.length <= MAX_ROWS) return false
    this.#dropFront()
    return true
  }

  /**
   * Adds the events right before the first.
   *
   * @returns true when the end was dropped to make room
   */
  prepend (events: readonly SourceEvent[]): boolean {
    const rows = events.flatMap(rowsOf)
    this.#rows = rows.concat(this.#rows)
    this.start -= rows.length
    this.before = events[0]?.id ?? this.before
    if (this.#rows.length <= MAX_ROWS) return false
    this.#dropEnd()
    return true
  }

  /**
   * Marks missing events, and takes back the events after `resumedAfter`, which are void.
   *
   * @param lost the number of missing events; null when it is not known
   */
  gap (resumedAfter: string, lost: number | null): void {
    const isVoid = ({ id }: LogRow) => !isAtOrBefore(id, resumedAfter)
    const kept = this.#rows.findLastIndex((row) => !isVoid(row)) + 1
    if (kept < this.#rows.length) {
      this.#rows.length = kept
      this.generation++
    }
    this.#rows.push(gapRow(resumedAfter, lost))
    this.after = resumedAfter
  }

  /** The place of the first row of an event, or of the first row after it; `end` when there is none. */
  placeOf (id: string): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (seqOf(this.#rows[middle]?.id ?? ORIGIN) < seqOf(id)) low = middle + 1
      else high = middle
    }
    return this.start + low
  }

  /** Tells whether an event is held. */
  has (id: string): boolean {
    return this.at(this.placeOf(id))?.id === id
  }

  /** Drops the rows of whole events, so that they can be read again. */
  #dropFront (): void {
    let count = DROPPED_ROWS
    while (this.#rows[count] !== undefined && this.#rows[count]?.part !== 0) count++
    this.before = this.#rows[count]?.id ?? nextId(this.after)
    this.#rows = this.#rows.slice(count)
    this.start += count
  }

  #dropEnd (): void {
    let count = this.#rows.length - DROPPED_ROWS
    while (count > 0 && this.#rows[count]?.part !== 0) count--
    this.after = this.#rows[count - 1]?.id ?? this.before
    this.#rows.length = count
  }
}

/** The bound right after an event: events before it include that event. */
export function nextId (id: string): string {
  return joinEventId(msOf(id), seqOf(id) + 1)
}

/** The bound right before an event: events after it include that event. */
export function previousId (id: string): string {
  return joinEventId(msOf(id), seqOf(id) - 1)
}
