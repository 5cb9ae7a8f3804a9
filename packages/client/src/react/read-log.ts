import { openAnswer } from '../answer.ts'
import type { Caller } from '../caller.ts'
import type { RunEvent, StreamGap } from '../stream-items.ts'

/** The log of a run, read in requests that end. */
export interface LogSource {
  readonly caller: Caller
  readonly runId: string
  /** The longest silence before a request counts as dead, in milliseconds. */
  readonly silenceMs: number
  /** Ends all reading. */
  readonly signal: AbortSignal
}

/** The missing events, in the words of `stream_gap`. */
export type Gap = StreamGap['data']

/** A part of a log: events in order, or a gap before the next part. */
export type LogPart = { readonly events: RunEvent[] } | { readonly gap: Gap }

/** An id after the last event of any run. */
const END = `${Number.MAX_SAFE_INTEGER}-${Number.MAX_SAFE_INTEGER}`

/** The most events of one page. */
const MAX_PAGE = 1_000

/**
 * Reads the events after a cursor, up to the present end of the log.
 *
 * @throws RuncastError the service's refusal (`run_not_found` when there is no such run), `unreachable`, `stalled`
 */
export function readAfter (source: LogSource, cursor: string): AsyncGenerator<LogPart, void, undefined> {
  return readParts(source, `after=${cursor}`)
}

/**
 * Reads the newest events, at most `count`.
 *
 * @throws RuncastError as `readAfter`
 */
export async function readTail (source: LogSource, count: number): Promise<RunEvent[]> {
  let events: RunEvent[] = []
  let before = END
  while (events.length < count) {
    const page: RunEvent[] = []
    for await (const part of readParts(source, `before=${before}&limit=${Math.min(count - events.length, MAX_PAGE)}`)) {
      if ('events' in part) page.push(...part.events)
    }
    const [first] = page
    if (first === undefined) break
    before = first.id
    events = page.concat(events)
  }
  return events
}

async function * readParts ({ runId, ...source }: LogSource, query: string): AsyncGenerator<LogPart, void, undefined> {
  const url = source.caller.runUrl(runId, 'events')
  const answer = await openAnswer({ ...source, url: `${url}?${query}`, type: 'application/x-ndjson' })
  if (answer === null) return
  try {
    let rest = ''
    for await (const text of answer.chunks()) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      yield * partsOf(lines, url)
    }
  } finally {
    answer.close()
  }
}

/** Makes parts of whole lines. Each line is an event or a gap. */
function * partsOf (lines: readonly string[], historyUrl: string): Generator<LogPart, void, undefined> {
  let events: RunEvent[] = []
  for (const line of lines) {
    const entry = JSON.parse(line)
    if ('gap' in entry) {
      if (events.length > 0) yield { events }
      events = []
      yield { gap: { ...entry.gap, history_url: historyUrl } }
    } else {
      events.push({ kind: 'event', id: entry.id, type: entry.event_type, data: entry.payload, raw: payloadText(line) })
    }
  }
  if (events.length > 0) yield { events }
}

const BEFORE_PAYLOAD = /^\{"id":"[^"]*","event_type":"[^"]*","payload":/

/** Cuts out the publisher's own text of the payload, which is the last field of a line. */
function payloadText (line: string): string {
  return line.slice(BEFORE_PAYLOAD.exec(line)?.[0].length ?? 0, -1)
}
