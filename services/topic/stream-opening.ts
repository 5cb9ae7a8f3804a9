import type { EventId } from '@runcast/protocol'
import type { StreamOpen } from '../../schemas/stream.ts'
import { openFrame } from '../sse/frames.ts'
import { stepOf, type Step } from './catch-up.ts'
import type { EncodedPage } from './pages.ts'
import { decide, type DecisionOptions } from './stream-decision.ts'
import { openingGap, openingPosition, type StreamRequest } from './stream-request.ts'
import type { Topic } from './topic.ts'
import type { Topics } from './topics.ts'

/** How a request for a stream is answered: all that can be refused is decided before a byte is sent. */
export type Opening = Refusal | Following

export interface Refusal {
  readonly answer: 'no_content' | 'not_found'
}

export interface Following {
  readonly answer: 'follow'
  /** Held; whoever gets this releases it or hands it on to a follower. */
  readonly topic: Topic
  readonly open: StreamOpen
  /** The first frame, to be written together with the first step. */
  readonly frame: string
  readonly first: Step
  readonly cursor: EventId
}

/**
 * Finds where a stream begins.
 *
 * @throws RunLogError `unavailable`, `store_corrupt`
 */
export async function openStream (topics: Topics, runId: string, tenant: string, request: StreamRequest, options: DecisionOptions): Promise<Opening> {
  const topic = await topics.hold(runId, tenant)
  try {
    const page = inMemory(topic, request, options) ?? await topic.read(request.from, request.filter)
    const opening = answerTo(topic, page, request, options)
    if (opening.answer !== 'follow') topics.release(topic)
    return opening
  } catch (error) {
    topics.release(topic)
    throw error
  }
}

/** What answers without a read of the log those who reconnect, those who want nothing of the past, and those for whom there is none. */
function inMemory (topic: Topic, { from, filter }: StreamRequest, { refusesUnknown }: DecisionOptions): EncodedPage | null {
  // Whether a finished run's grace is over only the log knows.
  if (topic.facts.terminalId !== null) return null
  if (from.at === 'cursor') return topic.fromRing(from.cursor, filter)
  const mustRead = topic.facts.exists ? from.at !== 'end' : refusesUnknown
  return mustRead ? null : topic.newest(filter)
}

function answerTo (topic: Topic, page: EncodedPage | null, request: StreamRequest, options: DecisionOptions): Opening {
  const decision = page === null ? 'not_found' : decide(request, page, options)
  if (page === null || decision === 'not_found') return { answer: 'not_found' }
  if (decision === 'no_content') return { answer: 'no_content' }
  const open: StreamOpen = {
    run_id: topic.runId,
    mode: decision === 'fresh' || decision === 'resumed' || decision === 'waiting' ? decision : 'partial',
    position: openingPosition(request, page),
    status: page.facts.status
  }
  const first = stepOf(topic.runId, { ...page, resume: { ...page.resume, gap: openingGap(request, page) } })
  return { answer: 'follow', topic, open, frame: openFrame(open), first, cursor: page.resume.position }
}
