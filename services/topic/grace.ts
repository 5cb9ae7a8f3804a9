import { msOf } from '@runcast/protocol'
import type { LogFacts } from '../run-log/run-log.ts'

/** At most this many times the grace after the terminal status a stream ends, however many stragglers come. */
export const MOST_GRACES = 10

/** How long a finished run may still get stragglers, in milliseconds from now. */
export interface GraceLeft {
  /** Until the stream ends when no event comes. */
  readonly quiet: number
  /** Until it ends at the latest. */
  readonly most: number
}

/** Works out what is left of the grace of a finished run by the log's own clock; null for an unfinished one. */
export function graceLeft (facts: LogFacts, graceMs: number): GraceLeft | null {
  if (facts.terminalId === null) return null
  const sinceLast = Math.max(0, facts.now - msOf(facts.last))
  const sinceTerminal = Math.max(0, facts.now - msOf(facts.terminalId))
  const most = Math.max(0, graceMs * MOST_GRACES - sinceTerminal)
  return { quiet: Math.min(most, Math.max(0, graceMs - sinceLast)), most }
}
