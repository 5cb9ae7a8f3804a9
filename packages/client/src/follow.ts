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
  /** Where to begin without a `lastEventId`. Defaults to `first`: everything still kept, then live. */
  readonly from?: 'first' | 'now' | { readonly tail: number } | { readonly since: Date }
  /** Goes on after this event. */
  readonly lastEventId?: string
  /** Only events of these types. */
  readonly eventTypes?: readonly string[]
  /** Only `log` events of at least this level; events of other types are not filtered by it. */
  readonly minLevel?: LogLevel
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
  /** How often the service gives a sign of life, in milliseconds. Three missed, and the connection counts as dead. Defaults to 15,000. */
  readonly heartbeatMs?: number
}

/**
 * Follows a run: gives its events, each once and in order, and the frames that speak of the stream, until the run is
 * over. Reconnects by itself, with the id of the last item given, after broken and silent connections, 408, 425, 429
 * and 5xx, for as long as it takes.
 *
 * It ends after `stream_end`, or without one when nothing follows the cursor of a finished run. To end it while it
 * waits, abort the signal: an iterator's `return()` only takes effect at the next item.
 *
 * @throws RuncastError any other refusal (400, 403, 404; 401 after a new token was asked for), `invalid_run_id`,
 *   `unexpected_answer`
 */
export async function * follow (options: FollowOptions): AsyncGenerator<StreamItem, void, undefined> {
  const { runId, lastEventId = null, heartbeatMs = 15_000, signal = new AbortController().signal } = options
  checkRunId(runId)
  const caller = createCaller(options)
  const url = `${caller.runUrl(runId, 'stream')}?${queryOf(options)}`
  let cursor = lastEventId
  const read = (frame: Frame) => {
    if (isRepeated(frame, cursor)) return null
    cursor = frame.id ?? cursor
    return readItem(frame)
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
