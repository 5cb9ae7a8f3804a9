import type { LogEvent } from '../run-log/run-log.ts'
import type { LiveMessage } from './live-channels.ts'

/**
 * Reads what the append script says on a live channel: `{prev, events: [[id, type, data], ...]}`, or
 * `{prev, last, n}` when the events were too large to be sent along.
 *
 * @returns null when the text is nothing of the kind
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
