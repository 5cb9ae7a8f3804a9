import type { EventId } from '@runcast/protocol'

/** One event as someone knows it: its id, and the name that its publisher gave it. */
export interface Known {
  readonly id: EventId
  /** `<publisher>/<number>`, the publisher's numbers counting 1, 2, 3, ... */
  readonly name: string
}

/** The content of a run log at the end. */
export interface LogCopy {
  readonly events: readonly Known[]
  /** The id before the first of the events. */
  readonly start: EventId
  /** The newest id ever given, as far as the service knows: the last event's, if there is one. */
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

/** One thing that a reader saw. */
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
  /** The events that the service acknowledged; each publisher's are in the order in which it published. */
  readonly acknowledged: readonly Known[]
  readonly log: LogCopy
  readonly readings: readonly Reading[]
}

/** The losses that a scenario allows. */
export interface Allowances {
  /** True when Redis itself may have lost acknowledged events. Then no reader may end up with one of these. */
  readonly redisMayLose?: boolean
}
