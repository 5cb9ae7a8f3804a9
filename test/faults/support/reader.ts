import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Test } from 'tap'
import type { StreamClose, StreamEnd, StreamGap, StreamOpen } from '../../../schemas/stream.ts'
import { token } from '../../helpers/service/tokens.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { nameOf } from './event-names.ts'
import type { Known, Reading, Seen, SeenGap } from './evidence.ts'

export interface ReaderOptions {
  /** The reader's name in a checker's sentences; by default `reader`. */
  readonly name?: string
  /** Sent with the first connection, as a page does that knows where it was. */
  readonly lastEventId?: string
  /** The wait before a reconnect until a stream sets another, in milliseconds; by default 100. */
  readonly retryMs?: number
}

/** A stream_close that a reader was sent. */
export interface SeenClose {
  readonly reason: string
  /** By `performance.now()`. */
  readonly at: number
  /** The wait before the reader comes back, in milliseconds. */
  readonly retryMs: number
}

/** A reader with the semantics of EventSource: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface Reader extends Reading {
  readonly seen: readonly Seen[]
  /** `closed` is final, as `EventSource.CLOSED` is: a 204, any other answer but a stream, or `close()`. */
  readonly state: 'connecting' | 'open' | 'closed'
  /** Its Last-Event-ID. */
  readonly cursor: string
  /** The number of streams opened to it. An attempt that was only told to come back does not count. */
  readonly connections: number
  /** The statuses of the answers it got. */
  readonly statuses: readonly number[]
  readonly closes: readonly SeenClose[]
  gaps (): SeenGap[]
  events (): Known[]
  /** Stops and goes on taking bytes from the socket, also across reconnects. */
  pause (): void
  resume (): void
  /** Leaves for good. */
  close (): void
}

/** Starts to follow a stream, again and again; ended at the test's teardown. */
export function startReader (t: Pick<Test, 'teardown'>, url: string, { name = 'reader', lastEventId = '', retryMs = 100 }: ReaderOptions = {}): Reader {
  const seen: Seen[] = []
  const statuses: number[] = []
  const closes: SeenClose[] = []
  let state: Reader['state'] = 'connecting'
  let cursor = lastEventId
  let wait = retryMs
  let connections = 0
  let isPaused = false
  let outgoing: ClientRequest | null = null
  let incoming: IncomingMessage | null = null
  let timer: NodeJS.Timeout | undefined

  const connect = () => {
    if (state === 'closed') return
    seen.push({ kind: 'connect', cursor: cursor === '' ? null : cursor })
    const attempt = request(url, {
      agent: false,
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token()}`, ...(cursor !== '' && { 'last-event-id': cursor }) }
    })
    attempt.once('response', take)
    attempt.on('error', () => {})
    attempt.once('close', () => { if (attempt === outgoing) reconnect() })
    attempt.end()
    outgoing = attempt
  }

  const reconnect = () => {
    outgoing = incoming = null
    if (state === 'closed') return
    state = 'connecting'
    timer = setTimeout(connect, wait)
  }

  const take = (response: IncomingMessage) => {
    statuses.push(response.statusCode ?? 0)
    const isStream = response.statusCode === 200 && response.headers['content-type']?.startsWith('text/event-stream') === true
    if (!isStream) return close()
    state = 'open'
    incoming = response
    const parser = createParser({ onEvent: (message) => { if (state !== 'closed') notice(message) }, onRetry: (ms) => { wait = ms } })
    response.setEncoding('utf8').on('data', (text: string) => parser.feed(text)).on('error', () => {})
    if (isPaused) response.pause()
  }

  const notice = ({ id, event = 'message', data }: EventSourceMessage) => {
    if (id !== undefined) cursor = id
    if (event === 'stream_open') connections++
    if (event === 'stream_close') {
      const { reason }: StreamClose = JSON.parse(data)
      closes.push({ reason, at: performance.now(), retryMs: wait })
    }
    const step = stepOf(id, event, data)
    if (step !== null) seen.push(step)
  }

  const close = () => {
    state = 'closed'
    clearTimeout(timer)
    outgoing?.destroy()
  }

  t.teardown(close)
  connect()
  return {
    reader: name,
    seen,
    statuses,
    closes,
    get state () { return state },
    get cursor () { return cursor },
    get connections () { return connections },
    gaps: () => seen.filter((step) => step.kind === 'gap'),
    events: () => seen.filter((step) => step.kind === 'event'),
    pause () {
      isPaused = true
      incoming?.pause()
    },
    resume () {
      isPaused = false
      incoming?.resume()
    },
    close
  }
}

/** Waits until all of the readers stand at an id. */
export async function waitForCursor (readers: readonly Reader[], id: string, timeoutMs?: number): Promise<void> {
  await waitUntil(`all readers stand at ${id}`, () => readers.every(({ cursor }) => cursor === id), timeoutMs).catch((error: unknown) => {
    const elsewhere = readers.filter(({ cursor }) => cursor !== id).slice(0, 5).map(({ reader, cursor, state }) => `${reader} ${state} at ${cursor}`)
    throw new Error(`${error instanceof Error ? error.message : String(error)}: ${elsewhere.join(', ')}`)
  })
}

function stepOf (id: string | undefined, event: string, data: string): Seen | null {
  if (!event.startsWith('stream_')) return { kind: 'event', id: id ?? '', name: nameOf(data) }
  if (event === 'stream_open') {
    const { mode, position }: StreamOpen = JSON.parse(data)
    return { kind: 'open', mode, position }
  }
  if (event === 'stream_end') {
    const end: StreamEnd = JSON.parse(data)
    return { kind: 'end', lastEventId: end.last_event_id }
  }
  if (event !== 'stream_gap') return null
  const { reason, requested, resumed_after: resumedAfter, lost }: StreamGap = JSON.parse(data)
  return { kind: 'gap', reason, requested, resumedAfter, lost }
}
