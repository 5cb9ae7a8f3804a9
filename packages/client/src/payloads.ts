import { fieldOf } from '@runcast/protocol'
import type { RunEvent } from './stream-items.ts'

/** The levels of a `log` event, from the least to the most severe. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical'

/** The payload of a `log` event. Other fields are kept. */
export interface Log {
  readonly message: string
  readonly level?: LogLevel
  readonly step?: string
  /** Such as `stdout`. */
  readonly stream?: string
  readonly [field: string]: unknown
}

/** The payload of a `status_change` event of a run, or of one `step`. Other fields are kept. */
export interface StatusChange {
  readonly status: string
  readonly previous_status?: string
  readonly step?: string
  readonly name?: string
  readonly reason?: string
  readonly error?: unknown
  /** The run that this one repeats. */
  readonly retry_of?: string
  readonly [field: string]: unknown
}

/** The payload of a `result_preview` event. Other fields are kept. */
export interface ResultPreview {
  readonly content: unknown
  readonly media_type?: string
  readonly step?: string
  /** True for the result itself, false for an intermediate state of it. */
  readonly final?: boolean
  readonly [field: string]: unknown
}

/** True for a `log` event with a message. The payload is checked, since publishers may send any. */
export function isLog (event: RunEvent): event is RunEvent & { readonly data: Log } {
  return event.type === 'log' && typeof fieldOf(event.data, 'message') === 'string'
}

/** True for a `status_change` event with a status. */
export function isStatusChange (event: RunEvent): event is RunEvent & { readonly data: StatusChange } {
  return event.type === 'status_change' && typeof fieldOf(event.data, 'status') === 'string'
}

/** True for a `result_preview` event with content. */
export function isResultPreview (event: RunEvent): event is RunEvent & { readonly data: ResultPreview } {
  return event.type === 'result_preview' && fieldOf(event.data, 'content') !== undefined
}
