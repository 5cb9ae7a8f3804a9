import { errorText as messageOf, fieldOf, msOf, outcomeOf, PUBLISH_REFUSED, type LogLevel } from '@runcast/protocol'
import { formatCount } from '../../format/count.ts'
import { terminalLines, type TextSpan } from '../../format/terminal-text.ts'
import { jsonText } from '../../json/exact-json.ts'
import { stepField, textField } from '../../json/fields.ts'
import { levelOf } from './levels.ts'
import { refusedText } from './refused-text.ts'

/** An event, from the stream or from a page of the log. */
export interface SourceEvent {
  readonly id: string
  readonly type: string
  /** The parsed payload. */
  readonly data: unknown
  /** The payload's own JSON text, if it is known. */
  readonly raw?: string
}

interface RowBase {
  /** The id of the event. */
  readonly id: string
  /** The line of the event, from 0. */
  readonly part: number
  /** The time at which the event was stored, in milliseconds since 1970. It never goes back from row to row. */
  readonly storedAt: number
  /** The time that the publisher gives, else the time of storing, in milliseconds since 1970. */
  readonly at: number
  readonly level: LogLevel
  readonly step: string | null
  /** The text that is shown and searched. */
  readonly text: string
}

/** A line of a log event. */
export interface LineRow extends RowBase {
  readonly kind: 'line'
  readonly spans: readonly TextSpan[] | null
  /** Such as `stderr`. */
  readonly stream: string | null
}

/** A status_change, of the run or of a step. */
export interface StatusRow extends RowBase {
  readonly kind: 'status'
  readonly status: string
}

/** Events that can not be shown: they are not kept any more, or belong to another history. */
export interface GapRow extends RowBase {
  readonly kind: 'gap'
  /** The number of events; null when it is not known. */
  readonly lost: number | null
}

/** A result_preview, or an event of any other type. */
export interface OtherRow extends RowBase {
  readonly kind: 'result' | 'event'
  readonly type: string
}

/** One row of the log. */
export type LogRow = LineRow | StatusRow | GapRow | OtherRow

// A browser takes noticeable time to lay out a longer line. The download has all of it.
const MAX_LINE_CHARACTERS = 5_000
const MAX_EVENT_CHARACTERS = 500

/** The rows of an event in the log: one, or one for each line of a log message. */
export function rowsOf (event: SourceEvent): LogRow[] {
  if (event.type === 'log') return lineRows(event)
  const base = { ...baseOf(event), part: 0 }
  if (event.type === 'status_change') {
    const status = textField(event.data, 'status')
    if (status !== null) return [{ ...base, kind: 'status', status: status.toLowerCase(), level: outcomeOf(status) === 'failed' ? 'error' : 'info', text: statusText(event.data, status) }]
  }
  if (event.type === 'result_preview') {
    const type = textField(event.data, 'media_type') ?? 'result'
    return [{ ...base, kind: 'result', type, level: 'info', text: resultText(event.data) }]
  }
  if (event.type === PUBLISH_REFUSED) return [{ ...base, kind: 'event', type: event.type, level: 'warning', text: refusedText(event.data) }]
  return [{ ...base, kind: 'event', type: event.type, level: levelOf(fieldOf(event.data, 'level')), text: shorten(inert(event.raw ?? jsonText(event.data)), MAX_EVENT_CHARACTERS) }]
}

/**
 * The row that stands for missing events.
 *
 * @param id the id after which the log goes on
 * @param lost the number of missing events; null when it is not known
 */
export function gapRow (id: string, lost: number | null): GapRow {
  return { kind: 'gap', id, part: 0, storedAt: msOf(id), at: msOf(id), level: 'critical', step: null, text: gapText(lost), lost }
}

/** A gap in words. */
export function gapText (lost: number | null): string {
  if (lost === null) return 'An unknown number of events is missing here'
  return lost === 1 ? '1 event is missing here' : `${formatCount(lost)} events are missing here`
}

function lineRows (event: SourceEvent): LogRow[] {
  const base = baseOf(event)
  const message = typeof event.data === 'string' ? event.data : fieldOf(event.data, 'message')
  const level = levelOf(fieldOf(event.data, 'level'))
  const stream = textField(event.data, 'stream')
  const lines = terminalLines(typeof message === 'string' ? message : event.raw ?? jsonText(event.data))
  return lines.map(({ text, spans }, part) => {
    const isLong = text.length > MAX_LINE_CHARACTERS
    return { ...base, kind: 'line', part, level, stream, text: shorten(text, MAX_LINE_CHARACTERS), spans: isLong ? null : spans }
  })
}

const MAX_RESULT_CHARACTERS = 160

/** The kind of a result and the beginning of its content. */
function resultText (data: unknown): string {
  const name = fieldOf(data, 'final') === true ? 'Final result' : 'Result preview'
  const content = fieldOf(data, 'content')
  if (content === undefined || textField(data, 'media_type')?.startsWith('image/') === true) return name
  return `${name}: ${shorten(inert(typeof content === 'string' ? content : jsonText(content)), MAX_RESULT_CHARACTERS)}`
}

function baseOf ({ id, data }: SourceEvent) {
  const storedAt = msOf(id)
  return { id, storedAt, at: timeOf(fieldOf(data, 'time')) ?? storedAt, step: stepField(data) }
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

function timeOf (time: unknown): number | null {
  const ms = typeof time === 'string' && RFC_3339.test(time) ? Date.parse(time) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

function statusText (data: unknown, status: string): string {
  const step = stepField(data)
  const subject = textField(data, 'name') ?? step ?? 'Run'
  const reason = textField(data, 'reason') ?? errorText(fieldOf(data, 'error'))
  return inert(`${subject}: ${status.toLowerCase()}${reason === null ? '' : ` (${reason})`}`)
}

/** The message of an error of any shape; null without one. */
export function errorText (error: unknown): string | null {
  return messageOf(error, jsonText)
}

/** Makes one line without escapes, for texts that are no log messages. */
function inert (text: string): string {
  return terminalLines(text).map((line) => line.text).join(' ')
}

function shorten (text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)} … ${formatCount(text.length - max)} more characters` : text
}
