import type { EventId } from '@runcast/protocol'
import type { LogEvent } from './run-log.ts'

/** The announcement of an append: the run log publishes one on the run's live channel after every append. */
export interface LiveMessage {
  /** The id before the first of these events: the message continues the followers that are exactly there. */
  readonly prev: EventId
  /** The id of the last of these events. */
  readonly last: EventId
  /** In order; null when the events were too large for one message, so that followers read them from the log. */
  readonly events: readonly LogEvent[] | null
}

/**
 * Publishes a live message of a run, and tells the watchers of its tenant that the run has changed. Without a message
 * only the watchers are told. Must not throw.
 */
export type PublishLive = (runId: string, tenant: string, message: LiveMessage | null) => void

/**
 * Reads a live message of the append script: `{prev, events: [[id, type, data], ...]}`, or `{prev, last, n}` when
 * the events were too large for one message.
 *
 * @returns null when the text is not a live message
 */
export function parseLiveMessage (text: string): LiveMessage | null {
  const message = parseObject(text)
  if (message === null || !('prev' in message) || typeof message.prev !== 'string') return null
  if ('events' in message) return Array.isArray(message.events) ? withEvents(message.prev, message.events) : null
  if (!('last' in message) || typeof message.last !== 'string') return null
  return { prev: message.prev, last: message.last, events: null }
}

function parseObject (text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function withEvents (prev: string, entries: readonly unknown[]): LiveMessage | null {
  const events: LogEvent[] = []
  let before = prev
  for (const entry of entries) {
    if (!Array.isArray(entry)) return null
    const [id, type, data]: unknown[] = entry
    if (typeof id !== 'string' || typeof type !== 'string' || typeof data !== 'string') return null
    events.push({ id, prev: before, type, data })
    before = id
  }
  return events.length === 0 ? null : { prev, last: before, events }
}
