import { levelRank, LOG_LEVELS, msOf } from '@runcast/protocol'
import type { Resume } from './gap.ts'
import type { History } from './history.ts'
import { jsonLine } from './json-line.ts'
import type { LogEvent, Page } from './run-log.ts'

/** Writes a part of a run's log as JSON text. The payloads stay the publishers' own text but for separators of lines. */
export function historyJson (runId: string, { events, before, after, more, resume }: History): string {
  const rest = JSON.stringify({ before, after, more, gap: resume === null ? null : gapOf(resume) })
  return `{"run_id":${JSON.stringify(runId)},"events":[${events.map(eventJson).join(',')}],${rest.slice(1)}`
}

/**
 * Writes pages as NDJSON: a line per event, and a line `{"gap": ...}` where events are missing.
 *
 * @param types the wanted types; null for all
 */
export async function * ndjsonLines (pages: AsyncIterable<Page>, types: ReadonlySet<string> | null): AsyncGenerator<string, void, void> {
  for await (const { events, resume } of pages) {
    const gap = resume.gap === null ? '' : `${JSON.stringify({ gap: gapOf(resume) })}\n`
    const wanted = types === null ? events : events.filter(({ type }) => types.has(type))
    yield gap + eventLines(wanted)
  }
}

/** Writes events as NDJSON, one line each. */
export function eventLines (events: readonly LogEvent[]): string {
  return events.map((event) => `${eventJson(event)}\n`).join('')
}

/** Writes the `log` events of pages as lines `<ISO time> <LEVEL> <message>`, and a line beginning `#` where events are missing. */
export async function * textLines (pages: AsyncIterable<Page>): AsyncGenerator<string, void, void> {
  for await (const { events, resume } of pages) {
    const gap = resume.gap === null ? '' : `# Events missing here that are not kept any more: ${resume.gap.lost ?? 'an unknown number'}\n`
    yield gap + events.map(logLine).join('')
  }
}

/** Writes an event as JSON text. Types and ids have no character that needs an escape. */
function eventJson ({ id, type, data }: LogEvent): string {
  return `{"id":"${id}","event_type":"${type}","payload":${jsonLine(data)}}`
}

function gapOf ({ gap, position }: Resume): Record<string, unknown> | null {
  return gap === null ? null : { reason: gap.reason, requested: gap.requested, resumed_after: position, lost: gap.lost }
}

function logLine ({ id, type, data }: LogEvent): string {
  if (type !== 'log') return ''
  const payload: unknown = JSON.parse(data)
  const { time, level, message } = typeof payload === 'object' && payload !== null ? fieldsOf(payload) : fieldsOf({ message: payload })
  return `${timeOf(time, id)} ${levelOf(level)} ${typeof message === 'string' ? message : data}\n`
}

function fieldsOf (payload: { time?: unknown, level?: unknown, message?: unknown }): { time: unknown, level: unknown, message: unknown } {
  return { time: payload.time, level: payload.level, message: payload.message }
}

/** The time that the publisher gave the line, else the time of its append. */
function timeOf (time: unknown, id: string): string {
  const ms = typeof time === 'string' && RFC_3339.test(time) ? Date.parse(time) : Number.NaN
  return new Date(Number.isNaN(ms) ? msOf(id) : ms).toISOString()
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

function levelOf (level: unknown): string {
  const rank = typeof level === 'string' ? levelRank(level) : null
  return (rank === null ? 'info' : LOG_LEVELS[rank] ?? 'info').toUpperCase()
}
