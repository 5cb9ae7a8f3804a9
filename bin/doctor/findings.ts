import { CURSOR, type ArrivedTick, type Page, type Ticks } from './probe.ts'

/** A fault between this machine and the service, or in the service's Redis. */
export interface Finding {
  readonly code: string
  /** A sentence: the fault and what it does to streams. */
  readonly problem: string
  /** A sentence: the remedy, with the names of directives. */
  readonly remedy: string
}

/** The clock of the service beside this machine's. */
export interface ClockDifference {
  /** Milliseconds to add to this machine's clock to get the service's. */
  readonly aheadMs: number
  /** The shortest time of a request and its answer, in milliseconds. */
  readonly roundTripMs: number
}

/** A delay of all ticks beyond the way of a request and its answer that a person notices, in milliseconds. */
const NOTABLE_DELAY_MS = 100

/** The service takes tokens of issuers whose clock is ahead by less than this, in milliseconds. */
const NOTABLE_CLOCK_MS = 5_000

const BUFFER_REMEDY = 'nginx: proxy_buffering off; gzip off; without proxy_ignore_headers X-Accel-Buffering. HAProxy: no filter compression or cache. Others: turn response buffering and compression off for text/event-stream. See deploy/gateways'

/** Reads the clocks from streams without ticks: the fastest answer tells most. Null without an answer. */
export function clockDifference (answers: readonly Ticks[]): ClockDifference | null {
  const read = answers.flatMap(({ first, askedAt, firstAt }) => first === null
    ? []
    : [{ aheadMs: first.now - (askedAt + firstAt) / 2, roundTripMs: firstAt - askedAt }])
  return read.toSorted((a, b) => a.roundTripMs - b.roundTripMs)[0] ?? null
}

/** Finds the faults that depend on the times at which ticks arrived, which a busy machine may feign once. */
export function timingFindings ({ first, ticks, server, isBroken }: Ticks, clock: ClockDifference): Finding[] {
  const gateway = nameOf(server)
  const small = ticks.filter(({ padding }) => padding === undefined)
  const padded = ticks.find(({ padding }) => padding !== undefined)
  const early = small.filter(({ sequence }) => sequence < (padded?.sequence ?? Infinity))
  if (early.length > 1 && spread(early, 'arrivedAt') < spread(early, 'sent_at') / 2) {
    const waitedMs = Math.round((early.at(-1)?.arrivedAt ?? 0) + clock.aheadMs - (early[0]?.sent_at ?? 0))
    const isBySize = padded !== undefined && (ticks.at(-1)?.arrivedAt ?? 0) - (early.at(-1)?.arrivedAt ?? 0) > spread(ticks.filter(({ sequence }) => sequence >= padded.sequence), 'sent_at') / 2
    return [{
      code: 'buffered',
      problem: `${gateway} buffers: ${early.length} ticks that were sent one after the other arrived together, the first ${waitedMs} ms late, ${isBySize ? 'when a large one filled the buffer' : 'at the end of the stream'}. Events of a run would come late or never.`,
      remedy: BUFFER_REMEDY
    }]
  }
  // The last tick travels with the end of the stream, which no gateway holds back.
  const delays = small.filter(({ sequence }) => sequence !== first?.ticks).map(({ sent_at: sentAt, arrivedAt }) => arrivedAt + clock.aheadMs - sentAt).toSorted((a, b) => a - b)
  // Two ticks may travel together on a busy machine, and the second of them is not late.
  const usualMs = delays[delays.length >> 1] ?? 0
  if (isBroken || first === null || usualMs - clock.roundTripMs < NOTABLE_DELAY_MS) return []
  return [{
    code: 'delayed',
    problem: `${gateway} delays: half of the ticks came at least ${Math.round(usualMs)} ms after they were sent, while a request and its answer take ${Math.round(clock.roundTripMs)} ms.`,
    remedy: 'HAProxy: option http-no-delay. Others: send what is there at once (TCP_NODELAY), instead of waiting for more'
  }]
}

/** Finds the faults of a stream of ticks that do not depend on a clock. */
export function streamFindings ({ first, ticks, encoding, server, closed, isBroken }: Ticks): Finding[] {
  const gateway = nameOf(server)
  const findings: Finding[] = []
  const wanted = first?.ticks ?? null
  if (closed !== null) {
    findings.push({ code: 'closed', problem: `The stream was closed with the reason ${closed}.`, remedy: closed === 'limit' ? 'Raise MAX_STREAMS or MAX_STREAMS_PER_SUBJECT' : 'Ask again when the service is up' })
  } else if (wanted === null || isBroken || ticks.length < wanted) {
    findings.push({ code: 'cut', problem: `${gateway} cuts streams: ${ticks.length} of ${wanted ?? 'the'} ticks arrived before the stream ended.`, remedy: 'Give streams no time limit: nginx: proxy_read_timeout above STREAM_HEARTBEAT_MS. HAProxy: timeout server and timeout client above it. Envoy: timeout: 0s' })
  }
  if (encoding !== null && encoding !== 'identity') findings.push({ code: 'compressed', problem: `${gateway} compresses streams (${encoding}), which holds events back in the compressor.`, remedy: 'nginx: gzip off; in the location of streams, or take text/event-stream out of gzip_types. HAProxy: take it out of compression type' })
  if (first !== null && first.last_event_id !== CURSOR) findings.push({ code: 'last_event_id_removed', problem: `${gateway} removes the header Last-Event-ID, so that streams begin anew when a browser reconnects.`, remedy: 'Let the header Last-Event-ID through: nginx: proxy_set_header Last-Event-ID $http_last_event_id; and no proxy_pass_request_headers off' })
  return findings
}

/** Finds a fault in an answer that should have been the service's; null when it is one. */
export function pageFinding (page: Page, hasToken: boolean): Finding | null {
  const { code, status } = page
  if (status === 200 && code === null) return null
  switch (code) {
    case null: return { code: 'own_page', problem: `${nameOf(page.server)} answers by itself: ${describe(page)}.`, remedy: 'Let /api/v1 through to the service without a sign-in or pages of its own' }
    case 'unauthorized': return hasToken
      ? { code: 'authorization_removed', problem: 'The header Authorization does not arrive at the service.', remedy: 'Let it through: nginx: proxy_set_header Authorization $http_authorization;' }
      : { code: 'token_missing', problem: 'No token is known for this service.', remedy: 'Set RUNCAST_TOKEN, or give --token' }
    case 'token_expired': return { code, problem: 'The token has expired.', remedy: 'Ask for a new one' }
    case 'token_invalid': return { code, problem: 'The service does not accept the token.', remedy: 'Compare JWT_SECRET or JWT_PUBLIC_KEY, JWT_ISSUER and JWT_AUDIENCE with those of the issuer' }
    case 'insufficient_scope': return { code, problem: 'The token lacks the scope runs:read.', remedy: 'Ask for a token with runs:read' }
    case 'misdirected_request': return { code, problem: 'The service was started without a key, and takes only requests to its own address.', remedy: 'Set JWT_SECRET for a service behind a gateway' }
    default: return { code, problem: `The service answers ${status} with the code ${code}.`, remedy: 'See /documentation' }
  }
}

/** Finds a clock that is so far off that tokens may be refused; null when it is not. */
export function clockFinding ({ aheadMs }: ClockDifference): Finding | null {
  if (Math.abs(aheadMs) < NOTABLE_CLOCK_MS) return null
  return { code: 'clock', problem: `The clock of the service is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's, so that tokens may be refused.`, remedy: 'Let both machines keep their time by NTP' }
}

/** Tells an answer in a few words. */
export function describe ({ status, type, server }: Page): string {
  return `${status} ${type === '' ? 'without a content type' : type.split(';', 1)[0]}${server === '' ? '' : ` by ${server}`}`
}

function nameOf (server: string): string {
  return server === '' ? 'A gateway' : `A gateway (${server})`
}

function spread (ticks: readonly ArrivedTick[], time: 'arrivedAt' | 'sent_at'): number {
  return (ticks.at(-1)?.[time] ?? 0) - (ticks[0]?.[time] ?? 0)
}
