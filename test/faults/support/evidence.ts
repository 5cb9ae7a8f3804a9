import type { EventId } from '@runcast/protocol'

/** One event as someone knows it: its id, and the name that its publisher gave it. */
export interface Known {
  readonly id: EventId
  /** `<publisher>/<number>`, the publisher's numbers counting 1, 2, 3, ... */
  readonly name: string
}

/** What a run log holds at the end. */
export interface LogCopy {
  readonly events: readonly Known[]
  /** The id before the first of the events. */
  readonly start: EventId
  /** The newest id ever given, as far as the service knows: that of the last event, if there is one. */
  readonly last: EventId
}

/** A gap that a reader was told of. */
export interface SeenGap {
  readonly kind: 'gap'
  readonly reason: string
  readonly requested: string | null
  readonly resumedAfter: EventId
  readonly lost: number | null
}

/** One step of what a reader saw, in order. */
export type Seen =
  /** A connection was asked for; `cursor` is the Last-Event-ID that was sent, null for none. */
  | { readonly kind: 'connect', readonly cursor: string | null }
  | { readonly kind: 'open', readonly mode: string, readonly position: EventId }
  | { readonly kind: 'event' } & Known
  | SeenGap
  | { readonly kind: 'end', readonly lastEventId: EventId }

/** One reader of a run. */
export interface Reading {
  readonly reader: string
  readonly seen: readonly Seen[]
}

/** Everything that is known of one run at the end of a scenario. */
export interface Evidence {
  /** What publishers were told is stored; of one publisher in the order in which it published. */
  readonly acknowledged: readonly Known[]
  readonly log: LogCopy
  readonly readings: readonly Reading[]
}

/** What a scenario allows. */
export interface Allowances {
  /** Redis itself may have lost what it had acknowledged: then no reader may end up with it. */
  readonly redisMayLose?: boolean
}
