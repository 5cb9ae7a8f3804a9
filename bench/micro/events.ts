import { joinEventId, seqOf, type EventId } from '@runcast/protocol'
import type { LiveMessage } from '../../services/run-log/live-message.ts'
import type { LogEvent } from '../../services/run-log/run-log.ts'

/** The time at which all events of the micro-benchmarks were appended, in milliseconds since 1970. */
export const APPENDED_AT = 1_764_000_000_000

const PADDING = 'x'.repeat(110)

/** The payload of an event of about 200 bytes. */
export function payloadOf (seq: number): Record<string, unknown> {
  return { run_id: 'run-0', seq, ts: APPENDED_AT * 1_000, status: 'succeeded', pad: PADDING }
}

/** So many events in the order of a run, from the one after `prev`. */
export function eventsAfter (prev: EventId, count: number): LogEvent[] {
  const events: LogEvent[] = []
  for (let seq = seqOf(prev) + 1; events.length < count; seq++) {
    events.push({ id: joinEventId(APPENDED_AT, seq), prev: events.at(-1)?.id ?? prev, type: 'node_status', data: JSON.stringify(payloadOf(seq)) })
  }
  return events
}

/** A live message with events. */
export function messageOf (events: readonly LogEvent[]): LiveMessage {
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('a message has at least one event')
  return { prev: first.prev, last: last.id, events }
}
