import { statusKindOf, type StatusKind } from '@runcast/protocol'
import { NO_STATUS } from './run-filter.ts'

const KINDS: readonly StatusKind[] = ['running', 'other', 'waiting', 'failed', 'succeeded', 'cancelled']

/** Statuses that are always offered, so that the page does not move when the first run has one. */
const ALWAYS = ['running', 'failed', 'succeeded']

/** Orders statuses by urgency, each once, with those that are always offered. */
export function orderStatuses (statuses: Iterable<string>): string[] {
  return [...new Set([...ALWAYS, ...statuses])].sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1))
}

function rank (status: string): number {
  return status === NO_STATUS ? KINDS.length : KINDS.indexOf(statusKindOf(status))
}
