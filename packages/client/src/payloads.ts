import { fieldOf } from '@runcast/protocol'
import type { RunEvent } from './stream-items.ts'

/** The levels of a `log` event, from the least to the most severe. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical'

/** The payload of a `log` event. Further fields pass through. */
export interface Log {
  readonly message: string
  readonly level?: LogLevel
  readonly step?: string
  /** Such as `stdout`. */
  readonly stream?: string
  readonly [field: string]: unknown
}

/** The payload of a `status_change` event; with `step` it speaks of that step only. Further fields pass through. */
export interface StatusChange {
  readonly status: string
  readonly previous_status?: string
  readonly step?: string
  readonly name?: string
  readonly reason?: string
  readonly error?: unknown
  readonly [field: string]: unknown
}

/** The payload of a `result_preview` event. Further fields pass through. */
export interface ResultPreview {
  readonly content: unknown
  readonly media_type?: string
  readonly step?: string
  /** Whether this is the result itself, not a state of it on the way. */
  readonly final?: boolean
  readonly [field: string]: unknown
}

/** Whether an event is a `log` with a message. Engines write what they like, so the payload is looked at. */
export function isLog (event: RunEvent): event is RunEvent & { readonly data: Log } {
  return event.type === 'log' && typeof fieldOf(event.data, 'message') === 'string'
}

/** Whether an event is a `status_change` with a status. */
export function isStatusChange (event: RunEvent): event is RunEvent & { readonly data: StatusChange } {
  return event.type === 'status_change' && typeof fieldOf(event.data, 'status') === 'string'
}

/** Whether an event is a `result_preview` with content. */
export function isResultPreview (event: RunEvent): event is RunEvent & { readonly data: ResultPreview } {
  return event.type === 'result_preview' && fieldOf(event.data, 'content') !== undefined
}
