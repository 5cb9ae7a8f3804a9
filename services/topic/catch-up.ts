import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { EventId } from '@runcast/protocol'
import { RunLogError, type LogFacts } from '../run-log/run-log.ts'
import type { Chunk } from '../sse/chunk.ts'
import { gapFrame } from '../sse/frames.ts'
import type { Filter } from './filter.ts'
import type { EncodedPage } from './pages.ts'
import type { Topic } from './topic.ts'

/** One step of a follower on its way to the lane. */
export interface Step {
  /** Control frames to write first; '' for none. */
  readonly frames: string
  /** Events to write; null when nothing passed the filter. */
  readonly chunk: Chunk | null
  readonly events: number
  /** Where the follower stands when all is written. */
  readonly position: EventId
  /** The id of the last frame, if anything is written. */
  readonly sent: EventId
  /** The gap that the frames tell of, if any. */
  readonly gap: EncodedPage['resume']['gap']
  /** Set when the run is gone for good: the stream is to be ended with these facts. */
  readonly gone: LogFacts | null
}

/** Between reads of a log that does not answer or has nothing new though the topic is elsewhere, in milliseconds. */
const PAUSE_MS = 250

/**
 * Reads a run on from a cursor, page by page at the pace of whoever pulls, judged anew for every page. Never
 * finishes by itself but by `signal`; waits while the log does not answer.
 *
 * @throws RunLogError other than `unavailable`
 */
export async function * catchUp (topic: Topic, filter: Filter, from: EventId, signal: AbortSignal): AsyncGenerator<Step, void, void> {
  let cursor = from
  while (!signal.aborted) {
    const page = topic.fromRing(cursor, filter) ?? await readPatiently(topic, filter, cursor, signal)
    if (page === null || signal.aborted) return
    const isNew = page.position !== cursor || page.resume.gap !== null
    cursor = page.position
    yield stepOf(topic.runId, page)
    // Nothing is written that could hold the follower up: others have their turn between two pages of a long log.
    if (page.chunk === null) await nextTurn()
    // Level with the log but not with the topic, which has yet to hear of it.
    if (!isNew) await (await topic.repair() ? nextTurn() : pause(signal))
  }
}

/** What a page makes a follower do. */
export function stepOf (runId: string, page: EncodedPage): Step {
  const { gap, position } = page.resume
  return {
    frames: gap === null ? '' : gapFrame(runId, gap, position),
    chunk: page.chunk,
    events: page.events,
    position: page.position,
    sent: page.sent,
    gap,
    gone: gap?.reason === 'expired' && !page.facts.exists ? page.facts : null
  }
}

async function readPatiently (topic: Topic, filter: Filter, cursor: EventId, signal: AbortSignal): Promise<EncodedPage | null> {
  while (!signal.aborted) {
    try {
      const page = await topic.read({ at: 'cursor', cursor }, filter)
      if (page !== null) return page
    } catch (error) {
      if (!(error instanceof RunLogError) || error.code !== 'unavailable') throw error
    }
    await pause(signal)
  }
  return null
}

async function pause (signal: AbortSignal): Promise<void> {
  await delay(PAUSE_MS * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => {})
}
