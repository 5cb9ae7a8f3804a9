import { pause } from './backoff.ts'
import { createCaller, type ServiceOptions } from './caller.ts'
import { connect, type Frame } from './connection.ts'
import { checkRunId } from './encode-event.ts'
import { isTransient, RuncastError } from './errors.ts'
import { createPace } from './pace.ts'
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

const MISSED_HEARTBEATS = 3

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
  checkRunId(options.runId)
  const caller = createCaller(options)
  const url = `${caller.runUrl(options.runId, 'stream')}${queryOf(options)}`
  const silenceMs = MISSED_HEARTBEATS * (options.heartbeatMs ?? 15_000)
  const signal = options.signal ?? new AbortController().signal
  const pace = createPace()
  let cursor = options.lastEventId ?? null
  while (!signal.aborted) {
    let trouble: RuncastError | null = null
    try {
      const connection = await connect({ caller, url, cursor, silenceMs, signal, onRetryTime: pace.told })
      if (connection === null) return
      try {
        for await (const frame of connection.frames()) {
          pace.working(frame.event === 'stream_close')
          if (isRepeated(frame, cursor)) continue
          cursor = frame.id ?? cursor
          const item = readItem(frame)
          if (item !== null) yield item
          if (signal.aborted || item?.kind === 'stream_end') return
        }
      } finally {
        connection.close()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof RuncastError) || !isTransient(error)) throw error
      trouble = error
    }
    const reconnecting = pace.next(trouble)
    yield reconnecting
    await pause(reconnecting.delayMs, signal)
  }
}

/** Whether an event lies at or before the cursor, by both parts of its id: one of another history is news. */
function isRepeated (frame: Frame, cursor: string | null): boolean {
  if (cursor === null || frame.id === null || isControl(frame)) return false
  const [ms = NaN, seq = NaN] = frame.id.split('-').map(Number)
  const [cursorMs = NaN, cursorSeq = NaN] = cursor.split('-').map(Number)
  return ms <= cursorMs && seq <= cursorSeq
}

function queryOf ({ from = 'first', eventTypes, minLevel }: FollowOptions): string {
  const query = new URLSearchParams()
  if (from === 'now') query.set('from', 'now')
  else if (from !== 'first' && 'tail' in from) query.set('tail', String(from.tail))
  else if (from !== 'first') query.set('since', from.since.toISOString())
  if (eventTypes !== undefined) query.set('event_types', eventTypes.join(','))
  if (minLevel !== undefined) query.set('min_level', minLevel)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
