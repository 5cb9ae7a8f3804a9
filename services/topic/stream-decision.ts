import { seqOf } from '@runcast/protocol'
import type { StreamExplanation } from '../../schemas/stream.ts'
import { RunLogError, type RunLog } from '../run-log/run-log.ts'
import { isAtTheEnd, openingGap, type Judged, type StreamRequest } from './stream-request.ts'

/** What becomes of a request for a stream. */
export type Decision = StreamExplanation['decision'] | 'not_found'

export interface DecisionOptions {
  readonly graceMs: number
  /** Whether a run that does not exist yet is refused to those without a cursor. */
  readonly refusesUnknown: boolean
}

/** Decides how a request for a stream is answered, by what the log says of it. The one place that does. */
export function decide (request: StreamRequest, page: Judged, { graceMs, refusesUnknown }: DecisionOptions): Decision {
  if (isAtTheEnd(request, page.facts, graceMs)) return 'no_content'
  const gap = openingGap(request, page)
  if (gap !== null) return gap.reason
  const hasCursor = request.from.at === 'cursor'
  if (!page.facts.exists) return refusesUnknown && !hasCursor ? 'not_found' : 'waiting'
  return hasCursor ? 'resumed' : 'fresh'
}

/**
 * Says how a request for a stream would be answered now, and why, without opening it.
 *
 * @throws RunLogError `run_not_found` where the stream would be refused, `unavailable`, `store_corrupt`
 */
export async function explainStream (log: RunLog, runId: string, tenant: string, request: StreamRequest, options: DecisionOptions): Promise<StreamExplanation> {
  const page = await log.readPage({ runId, from: request.from, limit: 1 })
  const { facts, resume } = page
  const isVisible = !facts.exists || facts.tenant === tenant
  const decision = isVisible ? decide(request, page, options) : 'not_found'
  if (decision === 'not_found') throw new RunLogError('run_not_found', 'there is no such run for this tenant')
  const gap = decision === 'no_content' ? null : openingGap(request, page)
  return {
    decision,
    requested: request.unknownId ?? (request.from.at === 'cursor' ? request.from.cursor : null),
    first: facts.first?.id ?? null,
    last: facts.last,
    would_replay: seqOf(facts.last) - seqOf(resume.position),
    lost: gap === null ? 0 : gap.lost
  }
}
