import { openAnswer } from './answer.ts'
import { pause } from './pause.ts'
import type { Caller } from './caller.ts'
import { createJudge, type RuncastError } from './errors.ts'
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
 * Follows an event stream over any number of connections, until `stream_end`, the service's 204 or the signal's abort.
 *
 * @throws RuncastError the service's refusal if it is not transient; `unexpected_answer` after ten answers of something
 *   else, if the service has never answered
 */
export async function * followStream<Item extends { readonly kind: string }> (options: StreamOptions<Item>): AsyncGenerator<Item | Reconnecting, void, undefined> {
  const { caller, url, heartbeatMs, signal } = options
  const policy = createReconnectPolicy()
  const judge = createJudge()
  while (!signal.aborted) {
    let failure: RuncastError | null = null
    try {
      const answer = await openAnswer({ caller, url, type: 'text/event-stream', cursor: options.cursor(), silenceMs: MISSED_HEARTBEATS * heartbeatMs, signal })
      if (answer === null) return
      try {
        for await (const frame of framesOf(answer.chunks(), policy.retry)) {
          policy.received(frame.event === 'stream_close')
          judge.answered()
          const item = options.read(frame)
          if (item !== null) yield item
          if (signal.aborted || item?.kind === 'stream_end') return
        }
      } finally {
        answer.close()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!judge.isTransient(error)) throw error
      failure = error
    }
    const reconnecting = policy.next(failure)
    yield reconnecting
    await pause(reconnecting.delayMs, signal)
  }
}
