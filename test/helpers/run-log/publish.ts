import { randomUUID } from 'node:crypto'
import type { EventId } from '@runcast/protocol'
import { effectOf } from '../../../services/run-log/effect.ts'
import type { NewEvent, RunLog } from '../../../services/run-log/run-log.ts'
import type { TerminalStatuses } from '../../../services/run-log/terminal-statuses.ts'

const TERMINAL: TerminalStatuses = new Map([['succeeded', 'succeeded'], ['failed', 'failed']])

/** An event as a publisher's request makes it. */
export function newEvent (type: string, payload: unknown): NewEvent {
  return { type, data: JSON.stringify(payload), effect: effectOf(type, payload, TERMINAL) }
}

/** `count` log events whose messages are numbered from `first`. */
export function numberedLogs (count: number, first = 1): NewEvent[] {
  return Array.from({ length: count }, (_, index) => newEvent('log', { level: 'info', message: `line ${first + index}` }))
}

/** Appends to a run as one batch. */
export async function appendTo (log: RunLog, runId: string, events: readonly NewEvent[], tenant = ''): Promise<EventId[]> {
  return (await log.append({ runId, tenant, events, appendId: randomUUID() })).ids
}
