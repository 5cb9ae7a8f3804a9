import { isAtOrBefore } from '@runcast/protocol'
import { createCaller, type ServiceOptions } from './caller.ts'
import type { Frame } from './frames.ts'
import { checkRunId } from './encode-event.ts'
import { followStream } from './follow-stream.ts'
import type { LogLevel } from './payloads.ts'
import { isControl, readItem } from './read-item.ts'
import type { StreamItem } from './stream-items.ts'

export interface FollowOptions extends ServiceOptions {
  readonly runId: string
  /** The beginning without a `lastEventId`. Defaults to `first`: all events that are still kept, then live events. */
  readonly from?: 'first' | 'now' | { readonly tail: number } | { readonly since: Date }
  /** The event to go on after. */
  readonly lastEventId?: string
  /** The only event types to give. */
  readonly eventTypes?: readonly string[]
  /** The lowest level of `log` events to give. Events of other types are not filtered by it. */
  readonly minLevel?: LogLevel
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
  /** The service's heartbeat interval, in milliseconds. After three without a byte the connection counts as dead. Defaults to 15,000. */
  readonly heartbeatMs?: number
}

/**
 * Follows a run until it is over: gives its events, each once and in order, and the control frames of the stream.
 * After a broken or silent connection, 408, 425, 429 or 5xx it reconnects with the id of the last item, without end.
 *
 * The iteration ends after `stream_end`, or without it when nothing follows the cursor of a finished run. To end a
 * wait, abort the signal: an iterator's `return()` takes effect at the next item only.
 *
 * Only the service's own problem documents are its refusals: any other answer is a gateway's, and passes.
 *
 * @throws RuncastError any other refusal (400, 403, 404; 401 after one new token), `invalid_run_id`;
 *   `unexpected_answer` after ten answers of something else, if the service has never answered
 */
export async function * follow (options: FollowOptions): AsyncGenerator<StreamItem, void, undefined> {
  const { runId, lastEventId = null, heartbeatMs = 15_000, signal = new AbortController().signal } = options
  checkRunId(runId)
  const caller = createCaller(options)
  const url = `${caller.runUrl(runId, 'stream')}?${queryOf(options)}`
  let cursor = lastEventId
  const read = (frame: Frame) => {
    if (isRepeated(frame, cursor)) return null
    const item = readItem(frame)
    cursor = frame.id ?? cursor
    return item
  }
  yield * followStream({ caller, url, cursor: () => cursor, heartbeatMs, signal, read })
}

function isRepeated (frame: Frame, cursor: string | null): boolean {
  return cursor !== null && frame.id !== null && !isControl(frame) && isAtOrBefore(frame.id, cursor)
}

function queryOf ({ from = 'first', eventTypes, minLevel }: FollowOptions): string {
  const query = new URLSearchParams(beginning(from))
  if (eventTypes !== undefined) query.set('event_types', String(eventTypes))
  if (minLevel !== undefined) query.set('min_level', minLevel)
  return query.toString()
}

function beginning (from: NonNullable<FollowOptions['from']>): Record<string, string> {
  if (typeof from === 'string') return from === 'first' ? {} : { from }
  return 'tail' in from ? { tail: `${from.tail}` } : { since: from.since.toISOString() }
}
