import { joinEventId, seqOf, splitEventId, type EventId, type EventIdParts } from '@runcast/protocol'
import { judge, type Lookup } from '../resume.ts'
import type { Retention } from '../retention.ts'
import { noFacts, type LogEvent, type LogFacts, type Page, type PageRequest } from '../run-log.ts'
import { entryOf, findRun, quietSince, type Store, type StoredEntry, type StoredRun } from './store.ts'

/** About the most bytes of payload that a page holds beside its first event. */
const PAGE_BYTES = 1024 * 1024

/**
 * Reads a page and the facts around it, in one synchronous step.
 *
 * @param at the clock, ms since 1970
 */
export function readPage (store: Store, { runId, from, limit }: PageRequest, at: number, retention: Retention): Page {
  const run = findRun(store, runId, at, retention)
  const facts = factsOf(store, run, at)
  const resume = judge(from, facts, lookUp(store, run, from), retention.ttlSeconds)
  const events = run === null ? [] : collect(store, run, seqOf(resume.position) + 1, 1, limit)
  return { facts, resume, events }
}

/** Reads the newest `limit` events before a place, or before the end, in ascending order. */
export function readBefore (store: Store, run: StoredRun, before: EventId | null, limit: number): LogEvent[] {
  const end = before === null ? run.lastSeq + 1 : firstFrom(store, run, splitEventId(before))
  return collect(store, run, end - 1, -1, limit).reverse()
}

/** Tells if a run's log has an entry of exactly this id. */
export function hasEntry (store: Store, run: StoredRun, id: EventId): boolean {
  const { ms, seq } = splitEventId(id)
  return seq >= run.firstSeq && seq <= run.lastSeq && entryOf(store, run, seq)[0] === ms
}

function factsOf (store: Store, run: StoredRun | null, at: number): LogFacts {
  if (run === null) return noFacts(at)
  return {
    now: at,
    exists: true,
    first: run.firstSeq > run.lastSeq ? null : firstOf(store, run),
    last: joinEventId(run.lastMs, run.lastSeq),
    tenant: run.tenant,
    status: run.status,
    terminalId: run.terminalId,
    quietSince: quietSince(run),
    counts: run.counts
  }
}

function firstOf (store: Store, run: StoredRun): { id: EventId, prev: EventId } {
  const { id, prev } = toEvent(run.firstSeq, entryOf(store, run, run.firstSeq))
  return { id, prev }
}

function lookUp (store: Store, run: StoredRun | null, from: PageRequest['from']): Lookup {
  const nothing = { hasCursor: false, chosen: null }
  if (run === null) return nothing
  switch (from.at) {
    case 'cursor':
      return { hasCursor: hasEntry(store, run, from.cursor), chosen: null }
    case 'tail':
      return { hasCursor: false, chosen: idBefore(store, run, Math.max(run.firstSeq, run.lastSeq + 1 - from.count)) }
    case 'since':
      return { hasCursor: false, chosen: idBefore(store, run, firstFrom(store, run, { ms: from.ms, seq: 0 })) }
    default:
      return nothing
  }
}

/** Finds the id before the entry `seq`; past the end it is the last id. */
function idBefore (store: Store, run: StoredRun, seq: number): EventId {
  return seq > run.lastSeq ? joinEventId(run.lastMs, run.lastSeq) : toEvent(seq, entryOf(store, run, seq)).prev
}

/** Finds the `seq` of the first retained entry whose id is not below the given one; without such an entry, the next to come. */
function firstFrom (store: Store, run: StoredRun, { ms, seq }: EventIdParts): number {
  let low = run.firstSeq
  let high = run.lastSeq + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const middleMs = entryOf(store, run, middle)[0]
    if (middleMs < ms || (middleMs === ms && middle < seq)) low = middle + 1
    else high = middle
  }
  return low
}

/** Reads the entries from `seq` on, upwards or downwards, to the bounds of the log and of a page. */
function collect (store: Store, run: StoredRun, seq: number, step: 1 | -1, limit: number): LogEvent[] {
  const events: LogEvent[] = []
  let bytes = 0
  for (; seq >= run.firstSeq && seq <= run.lastSeq && events.length < limit; seq += step) {
    const event = toEvent(seq, entryOf(store, run, seq))
    bytes += event.data.length
    if (events.length > 0 && bytes > PAGE_BYTES) break
    events.push(event)
  }
  return events
}

function toEvent (seq: number, [ms, prevMs, type, data]: StoredEntry): LogEvent {
  return { id: joinEventId(ms, seq), prev: joinEventId(prevMs, seq - 1), type, data }
}
