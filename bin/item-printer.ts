import { isLog, isResultPreview, isStatusChange, type Reconnecting, type RunEvent, type StatusChange, type StreamGap, type StreamItem, type StreamOpen } from '@runcast/client'
import { errorText, statusKindOf, type StatusKind } from '@runcast/protocol'
import { styleText } from 'node:util'
import { printable, say } from './terminal.ts'

type Style = Parameters<typeof styleText>[0]

const LEVEL_STYLES = new Map<string, Style>([['trace', 'gray'], ['debug', 'gray'], ['warning', 'yellow'], ['error', 'red'], ['critical', ['red', 'bold']]])
const STATUS_STYLES = new Map<StatusKind, Style>([['succeeded', 'green'], ['failed', 'red'], ['waiting', 'yellow'], ['running', 'cyan']])
const LABEL_WIDTH = 8
const SHORT_CHARACTERS = 200
const INDENT = ' '.repeat('12:34:56.789 '.length + LABEL_WIDTH + 3)

/**
 * Makes a printer of the items of a stream: it writes events and gaps to stdout, news of the connection to stderr.
 *
 * @param url the service
 * @param colours true to use colours, and to let the colours of messages through
 */
export function createItemPrinter (url: string, colours: boolean): (item: StreamItem) => void {
  const paint = (style: Style | undefined, text: string): string => colours && style !== undefined ? styleText(style, text) : text
  let broken = false

  function line (event: RunEvent, time: unknown, label: string, style: Style | undefined, mark: string, text: string): void {
    const body = printable(text, colours).replaceAll('\n', `\n${INDENT}`)
    process.stdout.write(`${paint('gray', clock(event, time))} ${paint(style, printable(label, false).padEnd(LABEL_WIDTH))} ${mark} ${body}\n`)
  }

  function printEvent (event: RunEvent): void {
    if (isLog(event)) {
      const { level = 'info', message, step, stream, time } = event.data
      const mark = stream === 'stderr' ? paint('red', '!') : paint('gray', '|')
      line(event, time, String(level), LEVEL_STYLES.get(level), mark, step === undefined ? message : `[${step}] ${message}`)
    } else if (isStatusChange(event)) {
      const { status, step } = event.data
      const style = STATUS_STYLES.get(statusKindOf(status))
      line(event, event.data['time'], 'status', 'bold', ' ', paint(style, step === undefined ? status : `${step}: ${status}`) + detailsOf(event.data))
    } else if (isResultPreview(event)) {
      const { content, time } = event.data
      line(event, time, 'result', 'bold', ' ', short(typeof content === 'string' ? content : JSON.stringify(content)))
    } else {
      line(event, null, event.type, undefined, ' ', short(event.raw))
    }
  }

  function reportOpen ({ data }: StreamOpen): void {
    if (broken) say('Connected again.')
    else if (data.mode === 'waiting') say(`Run ${data.run_id} has not begun yet; waiting for it.`)
    broken = false
  }

  function reportBreak ({ error }: Reconnecting): void {
    if (broken || error === null) return
    broken = true
    say(`${error.message} Trying again at ${url}.`)
  }

  return (item) => {
    if (item.kind === 'event') printEvent(item)
    else if (item.kind === 'stream_gap') process.stdout.write(`${paint('yellow', gapText(item, url))}\n`)
    else if (item.kind === 'stream_open') reportOpen(item)
    else if (item.kind === 'reconnecting') reportBreak(item)
  }
}

/** The local time of day of an event: its own, else the time of its append. */
function clock (event: RunEvent, time: unknown): string {
  const own = typeof time === 'string' ? Date.parse(time) : NaN
  const date = new Date(Number.isNaN(own) ? Number.parseInt(event.id) : own)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(11, 23)
}

function detailsOf ({ exit_code: code, duration_ms: duration, reason, error }: StatusChange): string {
  const message = errorText(error)
  const parts = [
    typeof code === 'number' ? `exit code ${code}` : null,
    typeof duration === 'number' ? `${(duration / 1000).toFixed(1)} s` : null,
    reason ?? null,
    message === null ? null : short(message)
  ].filter((part) => part !== null)
  return parts.length === 0 ? '' : `  (${[...new Set(parts)].join(', ')})`
}

function gapText ({ data }: StreamGap, url: string): string {
  const count = data.lost === null ? 'Events are' : `${data.lost} ${data.lost === 1 ? 'event is' : 'events are'}`
  const what = data.reason === 'expired'
    ? `${count} missing here: no longer kept.`
    : `The history of this run has changed: what was printed after event ${data.resumed_after} no longer holds.`
  return `--- ${what} What is kept: ${new URL(data.history_url, url).href} ---`
}

function short (text: string): string {
  return text.length > SHORT_CHARACTERS ? `${text.slice(0, SHORT_CHARACTERS)}…` : text
}
