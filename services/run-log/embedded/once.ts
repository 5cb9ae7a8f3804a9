import { joinEventId, splitEventId, type EventId } from '@runcast/protocol'
import { IdempotencyConflictError } from '../errors.ts'
import { APPEND_ID_TTL_MS, ONCE_TTL_MS } from '../retention.ts'
import type { AppendRequest, NewEvent, Once } from '../run-log.ts'
import type { IdSpan, OnceKey, Store } from './store.ts'

/**
 * Finds the ids that this very append got when it was carried out before; null when it was not.
 *
 * @param at the clock (ms)
 * @throws IdempotencyConflictError when its `Idempotency-Key` was used with other content
 */
export function findRepeated (store: Store, request: AppendRequest, at: number): EventId[] | null {
  const { runId, appendId, once } = request
  return findOnce(store, [runId, 'append', appendId], '', at) ??
    (once === undefined ? null : findOnce(store, [runId, 'request', once.key], once.bodyHash, at))
}

/** An event that was not appended before, and the id it gets. */
export interface FreshEvent {
  readonly event: NewEvent
  readonly id: EventId
}

/**
 * Finds the new events of a batch by the publisher's own event ids.
 *
 * @param idOf the id of the nth new event, from 0
 * @returns an id for every event of the batch, and the new events
 * @throws IdempotencyConflictError when an event id was used with other content
 */
export function planEvents (store: Store, { runId, events }: AppendRequest, idOf: (index: number) => EventId, at: number): { ids: EventId[], fresh: FreshEvent[] } {
  const fresh: FreshEvent[] = []
  const inBatch = new Map<string, { bodyHash: string, id: EventId }>()
  const ids = events.map((event) => {
    const { once } = event
    const known = once === undefined ? null : idInBatch(inBatch, once) ?? findOnce(store, [runId, 'event', once.key], once.bodyHash, at)?.[0]
    if (known !== null && known !== undefined) return known
    const id = idOf(fresh.length)
    fresh.push({ event, id })
    if (once !== undefined) inBatch.set(once.key, { bodyHash: once.bodyHash, id })
    return id
  })
  return { ids, fresh }
}

/** Remembers the outcome of an append under all its names. */
export function remember (store: Store, { runId, appendId, once }: AppendRequest, ids: readonly EventId[], fresh: readonly FreshEvent[], at: number): void {
  putOnce(store, [runId, 'append', appendId], '', ids, at + APPEND_ID_TTL_MS)
  if (once !== undefined) putOnce(store, [runId, 'request', once.key], once.bodyHash, ids, at + ONCE_TTL_MS)
  for (const { event, id } of fresh) {
    if (event.once !== undefined) putOnce(store, [runId, 'event', event.once.key], event.once.bodyHash, [id], at + ONCE_TTL_MS)
  }
}

function findOnce (store: Store, key: OnceKey, bodyHash: string, at: number): EventId[] | null {
  const stored = store.once.get(key)
  if (stored === undefined || at >= stored.expiresAt) return null
  if (stored.bodyHash !== bodyHash) throw new IdempotencyConflictError()
  return stored.ids.flatMap(([ms, seq, count]) => Array.from({ length: count }, (_, index) => joinEventId(ms, seq + index)))
}

function idInBatch (inBatch: ReadonlyMap<string, { bodyHash: string, id: EventId }>, once: Once): EventId | null {
  const known = inBatch.get(once.key)
  if (known !== undefined && known.bodyHash !== once.bodyHash) throw new IdempotencyConflictError()
  return known?.id ?? null
}

function putOnce (store: Store, key: OnceKey, bodyHash: string, ids: readonly EventId[], expiresAt: number): void {
  store.once.put(key, { bodyHash, ids: toSpans(ids), expiresAt })
  store.deadlines.put([expiresAt, 'once', ...key], true)
}

function toSpans (ids: readonly EventId[]): IdSpan[] {
  const spans: IdSpan[] = []
  for (const { ms, seq } of ids.map(splitEventId)) {
    const span = spans.at(-1)
    if (span !== undefined && span[0] === ms && span[1] + span[2] === seq) span[2] += 1
    else spans.push([ms, seq, 1])
  }
  return spans
}
