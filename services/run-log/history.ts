import { seqOf, type EventId } from '@runcast/protocol'
import { RunNotFoundError } from './errors.ts'
import type { Resume } from './gap.ts'
import type { From, LogEvent, Page, RunLog } from './run-log.ts'
import { findRun } from './runs.ts'

/** A request for a part of a run's log. */
export interface HistoryRequest {
  readonly runId: string
  /** The tenant of the caller; '' for none. The runs of other tenants do not exist for it. */
  readonly tenant: string
  /** The most events to give. */
  readonly limit: number
  /** The wanted types; null for all. */
  readonly types: ReadonlySet<string> | null
}

/** A part of a run's log. */
export interface History {
  /** In the order of the log. */
  readonly events: readonly LogEvent[]
  /** The first event that was looked at, wanted or not; null when there was none. */
  readonly before: EventId | null
  /** The last event that was looked at, wanted or not; without one, where reading began. */
  readonly after: EventId | null
  /** True if there is more in the direction of reading, even if fewer events than wanted are given. */
  readonly more: boolean
  /** The place where reading began, and the gap before it; null backwards. */
  readonly resume: Resume | null
}

/** The most events of one read of the log. Backwards it is fewer, since only their number bounds such a read. */
const PAGE_EVENTS = 1_000
const PAGE_EVENTS_BACKWARDS = 50

/** One answer looks at this many events at most, and holds about this many characters. */
const MAX_SCANNED_EVENTS = 10_000
const MAX_CHARACTERS = 4_194_304

/**
 * Reads the first page of a run's log from a place.
 *
 * @throws RunNotFoundError, UnavailableError, StoreCorruptError
 */
export async function firstPage (log: RunLog, runId: string, tenant: string, from: From, limit = PAGE_EVENTS): Promise<Page> {
  const page = await log.readPage({ runId, from, limit })
  if (!page.facts.exists || page.facts.tenant !== tenant) throw new RunNotFoundError()
  return page
}

/**
 * Reads on from a first page to the end that the log had then, as fast as the pages are taken. The `resume.gap` of a
 * page tells of events that were trimmed in the meantime.
 *
 * @throws UnavailableError, StoreCorruptError
 */
export async function * pagesFrom (log: RunLog, runId: string, first: Page): AsyncGenerator<Page, void, void> {
  const end = seqOf(first.facts.last)
  for (let page = first; ;) {
    yield page
    const last = page.events.at(-1)
    if (last === undefined || seqOf(last.id) >= end) return
    page = await log.readPage({ runId, from: { at: 'cursor', cursor: last.id }, limit: PAGE_EVENTS })
  }
}

/**
 * Reads forwards.
 *
 * @throws RunNotFoundError, UnavailableError, StoreCorruptError
 */
export async function readForwards (log: RunLog, request: HistoryRequest, from: From): Promise<History> {
  const selection = new Selection(request)
  const first = await firstPage(log, request.runId, request.tenant, from, request.types === null ? request.limit : PAGE_EVENTS)
  for await (const page of pagesFrom(log, request.runId, first)) {
    // The next page will tell of a gap on the way.
    if (page !== first && page.resume.gap !== null) break
    if (!page.events.every((event) => selection.offer(event))) break
  }
  const after = selection.last ?? first.resume.position
  return { events: selection.events, before: selection.first, after, more: seqOf(after) < seqOf(first.facts.last), resume: first.resume }
}

/**
 * Reads backwards from before an event.
 *
 * @throws RunNotFoundError, UnavailableError, StoreCorruptError
 */
export async function readBackwards (log: RunLog, request: HistoryRequest, before: EventId): Promise<History> {
  await findRun(log, request.runId, request.tenant)
  const selection = new Selection(request)
  let more = true
  for (let bound = before; more;) {
    const page = await log.readBefore(request.runId, bound, PAGE_EVENTS_BACKWARDS)
    if (!page.toReversed().every((event) => selection.offer(event))) break
    more = page.length > 0
    bound = page[0]?.id ?? bound
  }
  return { events: selection.events.toReversed(), before: selection.last, after: selection.first, more, resume: null }
}

/** Collects the wanted events until there are enough. */
class Selection {
  readonly events: LogEvent[] = []
  first: EventId | null = null
  last: EventId | null = null
  readonly #limit: number
  readonly #types: ReadonlySet<string> | null
  #scanned = 0
  #characters = 0

  constructor ({ limit, types }: HistoryRequest) {
    this.#limit = limit
    this.#types = types
  }

  /** Looks at an event. Returns false, without a look, when there are enough. */
  offer (event: LogEvent): boolean {
    if (this.events.length === this.#limit || this.#scanned === MAX_SCANNED_EVENTS || this.#characters > MAX_CHARACTERS) return false
    this.#scanned++
    this.first ??= event.id
    this.last = event.id
    if (this.#types === null || this.#types.has(event.type)) {
      this.events.push(event)
      this.#characters += event.data.length
    }
    return true
  }
}
