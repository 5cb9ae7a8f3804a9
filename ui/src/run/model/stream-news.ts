import type { Gap, RunStream } from '@runcast/client/react'
import { isAtOrBefore, seqOf } from '@runcast/protocol'
import type { StreamedItem } from './log-reader.ts'

/** The news of a stream since the last look at it. */
export type StreamNews =
  | { readonly kind: 'items', readonly items: readonly StreamedItem[] }
  /** More came than the stream holds. */
  | { readonly kind: 'behind', readonly newest: string }

/**
 * Finds the events and the gap of a stream that were not taken before.
 *
 * @param known the last event that was taken, or the one after which the stream begins
 * @param knownGap the gap that was taken last
 */
export function newsOf ({ events, gap }: Pick<RunStream, 'events' | 'gap'>, known: string, knownGap: Gap | null): StreamNews {
  const isNewGap = gap !== null && gap !== knownGap
  const from = events.findLastIndex(({ id }) => isAtOrBefore(id, known)) + 1
  const fresh = events.slice(from)
  if (!isNewGap) {
    const [first, last] = [fresh[0], fresh.at(-1)]
    if (first !== undefined && last !== undefined && from === 0 && seqOf(first.id) > seqOf(known) + 1) return { kind: 'behind', newest: last.id }
    return { kind: 'items', items: fresh.map((event) => ({ kind: 'event', event })) }
  }
  const resumed = gap.resumed_after
  const after = isAtOrBefore(known, resumed) ? fresh : events
  return {
    kind: 'items',
    items: [
      ...fresh.filter(({ id }) => isAtOrBefore(id, resumed)).map((event) => ({ kind: 'event' as const, event })),
      { kind: 'gap', resumedAfter: resumed, lost: gap.lost },
      ...after.filter(({ id }) => !isAtOrBefore(id, resumed)).map((event) => ({ kind: 'event' as const, event }))
    ]
  }
}
