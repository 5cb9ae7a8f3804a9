import type { RuncastError } from './errors.ts'

/** An event of the run. */
export interface RunEvent {
  readonly kind: 'event'
  /** `<ms>-<seq>`; as `lastEventId` it resumes after this event. */
  readonly id: string
  readonly type: string
  /** The payload, parsed. */
  readonly data: unknown
  /** The payload's own JSON text, where a parsed number would not be exact. */
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

/** Events are missing. What was received after `resumed_after` is void; the stream goes on from there. */
export interface StreamGap {
  readonly kind: 'stream_gap'
  readonly id: string | null
  readonly data: {
    readonly reason: 'expired' | 'forked' | 'unknown_id'
    readonly requested: string | null
    readonly resumed_after: string
    /** How many events of the present history are missing; null when that can't be known. */
    readonly lost: number | null
    /** Where what is still kept can be read, relative to the service. */
    readonly history_url: string
  }
}

/** A filtered stream moved on without an event. */
export interface StreamPosition {
  readonly kind: 'stream_position'
  readonly id: string | null
  readonly data: { readonly position: string }
}

/** The run is over and all of it was sent; nothing follows. */
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

/** The service ended an unfinished stream; the follower reconnects. */
export interface StreamClose {
  readonly kind: 'stream_close'
  readonly id: string | null
  readonly data: { readonly reason: 'shutdown' | 'unavailable' | 'limit' | 'max_age' | 'token_expired' | 'revoked' }
}

/** Made by the follower itself: the connection is gone and the next one comes after a wait. */
export interface Reconnecting {
  readonly kind: 'reconnecting'
  /** 1 for the first attempt since the last working connection. */
  readonly attempt: number
  readonly delayMs: number
  /** What went wrong; null when the service ended the stream in order. */
  readonly error: RuncastError | null
}

/** A frame that speaks of the stream itself. */
export type ControlFrame = StreamOpen | StreamGap | StreamPosition | StreamEnd | StreamClose

/** All that a follower gives, told apart by `kind`. */
export type StreamItem = RunEvent | ControlFrame | Reconnecting
