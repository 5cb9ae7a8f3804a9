import type { RuncastError } from './errors.ts'

/** An event of the run. */
export interface RunEvent {
  readonly kind: 'event'
  /** `<ms>-<seq>`. As `lastEventId` it resumes the stream after this event. */
  readonly id: string
  readonly type: string
  /** The payload, parsed. */
  readonly data: unknown
  /** The payload's own JSON text, for numbers that are not exact when parsed. */
  readonly raw: string
}

/** The first frame of every connection. */
export interface StreamOpen {
  readonly kind: 'stream_open'
  readonly id: string | null
  readonly data: {
    readonly run_id: string
    readonly mode: 'fresh' | 'resumed' | 'waiting' | 'partial'
    readonly position: string
    readonly status: string | null
  }
}

/** Reports missing events. Events received after `resumed_after` are void; the stream goes on from there. */
export interface StreamGap {
  readonly kind: 'stream_gap'
  readonly id: string | null
  readonly data: {
    readonly reason: 'expired' | 'forked' | 'unknown_id'
    readonly requested: string | null
    readonly resumed_after: string
    /** The number of missing events; null if it can not be known. */
    readonly lost: number | null
    /** The address of the events that are still kept, relative to the service. */
    readonly history_url: string
  }
}

/** Moves the cursor of a filtered stream past events that were left out. */
export interface StreamPosition {
  readonly kind: 'stream_position'
  readonly id: string | null
  readonly data: { readonly position: string }
}

/** Ends the stream: the run is over, and all its events were sent. */
export interface StreamEnd {
  readonly kind: 'stream_end'
  readonly id: string | null
  readonly data: {
    readonly status: string | null
    readonly last_event_id: string
    readonly events: number | null
    readonly counts: Readonly<Record<string, number>> | null
  }
}

/** Ends a connection before the end of the run. The follower reconnects. */
export interface StreamClose {
  readonly kind: 'stream_close'
  readonly id: string | null
  readonly data: { readonly reason: 'shutdown' | 'unavailable' | 'limit' | 'max_age' | 'token_expired' | 'revoked' }
}

/** Made by the follower itself after the end of a connection. The next connection follows after a wait. */
export interface Reconnecting {
  readonly kind: 'reconnecting'
  /** 1 for the first attempt since the last working connection. */
  readonly attempt: number
  readonly delayMs: number
  /** The failure of the connection; null if the service ended it in order. */
  readonly error: RuncastError | null
}

/** A frame about the stream itself. */
export type ControlFrame = StreamOpen | StreamGap | StreamPosition | StreamEnd | StreamClose

/** An item of a followed run. Items are told apart by `kind`. */
export type StreamItem = RunEvent | ControlFrame | Reconnecting
