import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { outcomeOf, type EventId } from '@runcast/protocol'
import type { Test } from 'tap'
import type { Retention } from '../../../../services/run-log/retention.ts'
import type { AppendRequest, From, LogEvent, NewEvent, Page, RunLog } from '../../../../services/run-log/run-log.ts'
import type { RunEffect } from '../../../../services/run-log/effect.ts'

/** One store under test. */
export interface RunLogHarness {
  readonly log: RunLog
  /** Expires the log of a run but not its state. */
  expireLog (runId: string): Promise<void>
  /** Makes a run as it is when both times are over. */
  expireRun (runId: string): Promise<void>
  /** Opens the store again with other bounds. The log before it is not used any more. */
  reopen (retention: Retention): Promise<RunLog>
}

/** Opens an empty store that keeps as much as `retention` says, and ends it at the test's teardown. */
export type MakeHarness = (t: Test, retention: Retention) => Promise<RunLogHarness>

/** Bounds that no test of a few events reaches. */
export const ROOMY: Retention = { maxEvents: 100_000, maxBytes: 67_108_864, ttlSeconds: 3_600 }

/** An event of type `log` whose payload is the JSON of `payload`. */
export function logEvent (payload: unknown, effect: RunEffect | null = null): NewEvent {
  return { type: 'log', data: JSON.stringify(payload), effect }
}

/** `count` log events with the payloads from, from + 1, ... */
export function logEvents (count: number, from = 1): NewEvent[] {
  return Array.from({ length: count }, (_, index) => logEvent(from + index))
}

/** A status_change of the run itself. */
export function statusEvent (status: string, effect: Omit<RunEffect, 'status'> = {}): NewEvent {
  return { type: 'status_change', data: JSON.stringify({ status }), effect: { status, started: true, ...effect } }
}

/** A status_change of one step. */
export function stepEvent (step: string, status: string, terminal = false, name?: string): NewEvent {
  const outcome = terminal ? outcomeOf(status) : null
  const effect = { step: { step, status, ...(outcome === null ? {} : { outcome }), ...(name === undefined ? {} : { name }) } }
  return { type: 'status_change', data: JSON.stringify({ step, status }), effect }
}

/** Appends to a run without tenant, or as `more` says, and gives the ids. */
export async function append (log: RunLog, runId: string, events: readonly NewEvent[], more: Partial<AppendRequest> = {}): Promise<EventId[]> {
  return (await log.append({ runId, tenant: '', events, appendId: randomUUID(), ...more })).ids
}

/** Reads one page. */
export function read (log: RunLog, runId: string, from: From, limit = 1_000): Promise<Page> {
  return log.readPage({ runId, from, limit })
}

/** Reads one page after a cursor. */
export function readAfter (log: RunLog, runId: string, cursor: EventId, limit = 1_000): Promise<Page> {
  return read(log, runId, { at: 'cursor', cursor }, limit)
}

/** Everything the log has of a run, page by page. */
export async function readAll (log: RunLog, runId: string): Promise<LogEvent[]> {
  const events: LogEvent[] = []
  let page = await read(log, runId, { at: 'first' })
  while (page.events.length > 0) {
    events.push(...page.events)
    page = await readAfter(log, runId, events.at(-1)?.id ?? '')
  }
  return events
}

/** Waits until the clock of the log is past `ms`. */
export async function clockPast (log: RunLog, ms: number): Promise<void> {
  while ((await read(log, 'clock', { at: 'end' })).facts.now <= ms) await turn()
}

/** The payloads of events. */
export function payloads (events: readonly LogEvent[]): unknown[] {
  return events.map((event): unknown => JSON.parse(event.data))
}

/** The nth of a list that must have it. */
export function at<T> (list: readonly T[], index: number): T {
  const item = list.at(index)
  if (item === undefined) throw new RangeError(`no item ${index} in a list of ${list.length}`)
  return item
}
