import { openAnswer } from './answer.ts'
import { pause } from './pause.ts'
import type { Caller } from './caller.ts'
import { isTransient, type RuncastError } from './errors.ts'
import { framesOf, type Frame } from './frames.ts'
import { createReconnectPolicy } from './reconnect-policy.ts'
import type { Reconnecting } from './stream-items.ts'

export interface StreamOptions<Item> {
  readonly caller: Caller
  readonly url: string
  /** Gives the id to resume after. It is called for every connection. */
  readonly cursor: () => string | null
  /** The service's heartbeat interval, in milliseconds. After three without a byte the connection counts as dead. */
  readonly heartbeatMs: number
  readonly signal: AbortSignal
  /** Makes an item of a frame; null leaves the frame out. */
  readonly read: (frame: Frame) => Item | null
}

const MISSED_HEARTBEATS = 3

/**
 * Follows an event stream over any number of connections, until `stream_end`, status 204 or the signal's abort.
 *
 * @throws RuncastError a refusal that is not transient, `unexpected_answer`
 */
export async function * followStream<Item extends { readonly kind: string }> (options: StreamOptions<Item>): AsyncGenerator<Item | Reconnecting, void, undefined> {
  const { caller, url, heartbeatMs, signal } = options
  const policy = createReconnectPolicy()
  while (!signal.aborted) {
    let failure: RuncastError | null = null
    try {
      const cursor = options.cursor()
      const headers = cursor === null ? {} : { 'last-event-id': cursor }
      const answer = await openAnswer({ caller, url, type: 'text/event-stream', headers, silenceMs: MISSED_HEARTBEATS * heartbeatMs, signal })
      if (answer === null) return
      try {
        for await (const frame of framesOf(answer.chunks(), policy.retry)) {
          policy.received(frame.event === 'stream_close')
          const item = options.read(frame)
          if (item !== null) yield item
          if (signal.aborted || item?.kind === 'stream_end') return
        }
      } finally {
        answer.close()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!isTransient(error)) throw error
      failure = error
    }
    const reconnecting = policy.next(failure)
    yield reconnecting
    await pause(reconnecting.delayMs, signal)
  }
}
