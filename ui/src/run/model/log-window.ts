import { joinEventId, msOf, ORIGIN, seqOf } from '@runcast/protocol'
import { gapRow, rowsOf, type LogRow, type SourceEvent } from './log-rows.ts'

/** The most rows held: beyond it those furthest from the reader go, and are read again when they are wanted. */
export const MAX_ROWS = 200_000

// Going in large steps, since each moves the whole list.
const DROPPED_ROWS = 20_000

// Far enough that no place is used again.
const PLACES_APART = 1_000_000_000

/**
 * A part of a run's log without a hole that is not marked by a gap row, as rows. Rows are named by their place, an
 * integer that stays theirs: the list grows at the front (places below `start`) and at the end.
 */
export class LogWindow {
  /** The place of the first row. */
  start = 0
  /** Changes when places mean other rows than before. */
  generation = 0
  /** What is held follows this bound or is it: asks for the events before. */
  before = nextId(ORIGIN)
  /** The id of the last event held, or the one before the first: asks for the events after. */
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
   * Adds the events that follow. One that is held already is left out; where their numbers have a hole that no gap
   * told of, a gap row shows it.
   *
   * @returns whether the front was dropped to make room
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
   * @returns whether the end was dropped to make room
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
   * Marks that events are missing, and takes back those after `resumedAfter`, which are void.
   *
   * @param lost how many are missing; null when that is not known
   */
  gap (resumedAfter: string, lost: number | null): void {
    const isVoid = ({ id }: LogRow) => seqOf(id) > seqOf(resumedAfter) || msOf(id) > msOf(resumedAfter)
    const kept = this.#rows.findLastIndex((row) => !isVoid(row)) + 1
    if (kept < this.#rows.length) {
      this.#rows.length = kept
      this.generation++
    }
    this.#rows.push(gapRow(resumedAfter, lost))
    this.after = resumedAfter
  }

  /** The place of the first row of an event, or of the first after it; the end when there is none. */
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

  /** Whether an event is held. */
  has (id: string): boolean {
    return this.at(this.placeOf(id))?.id === id
  }

  /** Drops rows of whole events, so that what is read in again fits. */
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

/** A bound right after an event: what is before it includes that event. */
export function nextId (id: string): string {
  return joinEventId(msOf(id), seqOf(id) + 1)
}

/** A bound right before an event: what is after it includes that event. */
export function previousId (id: string): string {
  return joinEventId(msOf(id), seqOf(id) - 1)
}
