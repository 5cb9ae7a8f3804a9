/** The way in which a run or a step ended. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled'

/** The meaning of a status to people; `other` for a word of an engine that is not known here. */
export type StatusKind = 'waiting' | 'running' | 'other' | Outcome

/** The words for the end of a run that engines use, by their outcome. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  succeeded: 'succeeded success completed done skipped',
  failed: 'failed failure error errored crashed timed_out expired upstream_failed lost',
  cancelled: 'cancelled canceled killed aborted terminated stopped'
}

const WAITING = /^(awaiting|waiting|pending|(en|re)?queued|(re)?scheduled|created|submitted|prioritized|paus(ed|ing)|blocked|retrying|up_for_re|suspend|on_?hold|held$|sleeping|deferred|delayed|throttled|not_?started|backing_?off|requires_|needs_)|_(pending|queued|required)$/
const RUNNING = /^(re)?(running|run|start(ed|ing)?|resum(ed|ing)|in_?progress|progressing|active|executing|processing|working|ongoing)$/

const words = (text: string): string[] => text.split(' ')
const nameOf = (status: string): string => status.toLowerCase().replace(/[\s-]+/g, '_')

/** The outcome of a status by the words of `OUTCOME_WORDS`, in any case; null for any other. */
export function outcomeOf (status: string): Outcome | null {
  const name = status.toLowerCase()
  const is = (outcome: Outcome) => words(OUTCOME_WORDS[outcome]).includes(name)
  return is('succeeded') ? 'succeeded' : is('failed') ? 'failed' : is('cancelled') ? 'cancelled' : null
}

/** True for a status of a run or step that waits: for its turn, for people, for a time, for another attempt. */
export function isWaitingStatus (status: string): boolean {
  return WAITING.test(nameOf(status))
}

/**
 * The meaning of a status to people.
 *
 * @param status in any case; null before the first
 * @param outcome the outcome as the service has decided it, null while the run or step goes on; by the known words if not given
 */
export function statusKindOf (status: string | null, outcome: Outcome | null = outcomeOf(status ?? '')): StatusKind {
  if (outcome !== null) return outcome
  if (status === null || isWaitingStatus(status)) return 'waiting'
  return RUNNING.test(nameOf(status)) ? 'running' : 'other'
}
