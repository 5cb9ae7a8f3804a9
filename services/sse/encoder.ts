import type { EventId } from '@runcast/protocol'
import { jsonLine } from '../run-log/json-line.ts'

/** The fields of one block of an event stream. `data` is one line of JSON. */
export interface SseFrame {
  readonly id?: EventId
  readonly event: string
  readonly data: string
  /** The time that the client waits before it reconnects, in milliseconds. */
  readonly retry?: number
}

const LINE_BREAK = /[\r\n\0]/

/**
 * Encodes one block of an event stream, `id` before `data` so that a cut block is never taken for a whole one.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 * @throws RangeError when a field holds a line break or NUL, which would forge another field
 */
export function encodeFrame (frame: SseFrame): string {
  if (LINE_BREAK.test(frame.event) || (frame.id !== undefined && LINE_BREAK.test(frame.id))) {
    throw new RangeError('a field of an event stream holds a line break')
  }
  const retry = frame.retry === undefined ? '' : retryLine(frame.retry)
  const id = frame.id === undefined ? '' : `id: ${frame.id}\n`
  return `${retry}${id}event: ${frame.event}\ndata: ${jsonLine(frame.data)}\n\n`
}

/** The comment that keeps an idle stream open. It ends no block: some clients take a block without data for an event. */
export const PING = ': ping\n'

/** Encodes the line that sets the time before the client reconnects, in milliseconds. The first frame goes on in its block. */
export function retryLine (delayMs: number): string {
  return `retry: ${Math.round(delayMs)}\n`
}
