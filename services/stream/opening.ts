import { seqOf } from '@runcast/protocol'
import type { StreamExplanation, StreamOpen } from '../../schemas/stream.ts'
import { RunNotFoundError } from '../run-log/errors.ts'
import type { RunLog } from '../run-log/run-log.ts'
import { gapFrame, openFrame } from '../sse/frames.ts'
import type { Beginning } from '../topic/follower.ts'
import type { EncodedPage } from '../topic/pages.ts'
import type { FollowedRun } from '../topic/followed-run.ts'
import type { Topics } from '../topic/topics.ts'
import { decide, type Decision, type DecisionRules, type StreamRequest } from './request.ts'

/** The answer to a request for a stream, decided before a byte is sent. */
export type Opening = Refused | Accepted

export interface Refused {
  readonly answer: 'no_content' | 'not_found'
}

export interface Accepted {
  readonly answer: 'stream'
  /** The data of the first frame. */
  readonly open: StreamOpen
  /** Its topic is held, to be released or passed on to `Topics.follow`. */
  readonly beginning: Beginning
}

/**
 * Finds the answer to a request for a stream, and the page that the stream begins with.
 *
 * @throws UnavailableError, StoreCorruptError
 */
export async function findOpening (topics: Topics, run: FollowedRun, request: StreamRequest, rules: DecisionRules): Promise<Opening> {
  const topic = await topics.hold(run)
  try {
    const page = await topic.firstPage(request.from, request.filter, rules.refusesUnknown)
    const { kind, gap } = page === null ? UNKNOWN : decide(request, page, rules)
    if (page === null || kind === 'not_found' || kind === 'no_content') {
      topics.release(topic)
      return { answer: kind === 'no_content' ? kind : 'not_found' }
    }
    const open: StreamOpen = {
      run_id: run.runId,
      mode: kind === 'fresh' || kind === 'resumed' || kind === 'waiting' ? kind : 'partial',
      position: request.from.at === 'cursor' ? request.from.cursor : page.resume.position,
      status: page.facts.status
    }
    const frames = openFrame(open) + (gap === null ? '' : gapFrame(run.runId, gap, page.resume.position, run.basePath))
    const first: EncodedPage = { ...page, resume: { ...page.resume, gap }, frames }
    return { answer: 'stream', open, beginning: { topic, filter: request.filter, first } }
  } catch (error) {
    topics.release(topic)
    throw error
  }
}

/**
 * Tells the answer to a request for a stream, and the reason, without opening the stream.
 *
 * @throws RunNotFoundError where the stream would be refused; UnavailableError, StoreCorruptError
 */
export async function explainOpening (log: RunLog, runId: string, tenant: string, request: StreamRequest, rules: DecisionRules): Promise<StreamExplanation> {
  const page = await log.readPage({ runId, from: request.from, limit: 1 })
  const { facts, resume } = page
  const isVisible = !facts.exists || facts.tenant === tenant
  const { kind, gap } = isVisible ? decide(request, page, rules) : UNKNOWN
  if (kind === 'not_found') throw new RunNotFoundError()
  return {
    decision: kind,
    requested: request.unknownId ?? (request.from.at === 'cursor' ? request.from.cursor : null),
    first: facts.first?.id ?? null,
    last: facts.last,
    would_replay: seqOf(facts.last) - seqOf(resume.position),
    lost: gap === null ? 0 : gap.lost
  }
}

/** The answer for a run of another tenant. */
const UNKNOWN: Decision = { kind: 'not_found', gap: null }
