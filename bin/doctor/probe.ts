import type { ServiceOptions } from '@runcast/client'
import type { Diagnostics, Tick } from '../../schemas/diagnostics.ts'

/** An answer that is no stream of ticks. */
export interface Page {
  readonly kind: 'page'
  readonly status: number
  readonly type: string
  readonly server: string
  /** The code of the service's own problem document; null when something else has answered. */
  readonly code: string | null
  /** The parsed JSON; null when it is none. */
  readonly json: unknown
}

/** No answer: nothing listens, or nothing came within the time limit. */
export interface Silence {
  readonly kind: 'unreachable' | 'silent'
  readonly reason: string
}

/** A stream of ticks as it arrived. Times are of this machine, in milliseconds since 1970. */
export interface Ticks {
  readonly kind: 'ticks'
  readonly askedAt: number
  readonly first: Diagnostics | null
  readonly firstAt: number
  readonly ticks: readonly ArrivedTick[]
  /** The Content-Encoding of the stream; null without one. */
  readonly encoding: string | null
  readonly server: string
  /** The reason that a stream_close frame gave; null without one. */
  readonly closed: string | null
  /** True when it ended by the time limit or by a fault, not by its end. */
  readonly isBroken: boolean
}

export interface ArrivedTick extends Tick {
  readonly arrivedAt: number
}

/** The time for which a request may be without its end beyond the time that its ticks take, in milliseconds. */
const PATIENCE_MS = 8_000

/** A cursor that no run has: the service says whether the header arrived. */
export const CURSOR = '1-1'

/** Asks for a resource of the service. */
export async function probe (service: ServiceOptions, path: string): Promise<Page | Silence> {
  const limit = AbortSignal.timeout(PATIENCE_MS)
  try {
    return await readPage(await send(service, path, { accept: 'application/json' }, limit))
  } catch (error) {
    return silence(error, limit)
  }
}

/** Opens a stream of ticks, and notes the time at which each arrives. */
export async function probeStream (service: ServiceOptions, ticks: number, intervalMs: number): Promise<Ticks | Page | Silence> {
  const limit = AbortSignal.timeout(PATIENCE_MS + ticks * intervalMs)
  const askedAt = now()
  try {
    const headers = { accept: 'text/event-stream', 'last-event-id': CURSOR }
    const response = await send(service, `/api/v1/diagnostics/stream?ticks=${ticks}&interval_ms=${intervalMs}`, headers, limit)
    if (!isStream(response)) return await readPage(response)
    return await readTicks(response, askedAt, limit)
  } catch (error) {
    return silence(error, limit)
  }
}

async function send (service: ServiceOptions, path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const token = service.token ?? await service.getToken?.()
  const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return await fetch(`${service.url}${path}`, { headers: { ...headers, ...credentials }, redirect: 'manual', signal })
}

function isStream (response: Response): boolean {
  return response.status === 200 && typeOf(response).startsWith('text/event-stream')
}

async function readPage (response: Response): Promise<Page> {
  const json = jsonOf(await response.text())
  const isProblem = typeOf(response).startsWith('application/problem+json')
  const code = isProblem && typeof json === 'object' && json !== null && 'code' in json && typeof json.code === 'string' ? json.code : null
  return { kind: 'page', status: response.status, type: typeOf(response), server: response.headers.get('server') ?? '', code, json }
}

async function readTicks (response: Response, askedAt: number, limit: AbortSignal): Promise<Ticks | Silence> {
  const ticks: ArrivedTick[] = []
  let first: Diagnostics | null = null
  let firstAt = NaN
  let closed: string | null = null
  let isBroken = false
  let rest = ''
  try {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const arrivedAt = now()
      const blocks = `${rest}${text}`.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, event] = /^event: (.*)$/m.exec(block) ?? []
        const data = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null')
        if (event === 'diagnostics') [first, firstAt] = [data, arrivedAt]
        if (event === 'tick') ticks.push({ ...data, arrivedAt })
        if (event === 'stream_close') closed = data.reason
      }
    }
  } catch (error) {
    if (first === null && ticks.length === 0 && limit.aborted) return silence(error, limit)
    isBroken = true
  }
  const { headers } = response
  return { kind: 'ticks', askedAt, first, firstAt, ticks, encoding: headers.get('content-encoding'), server: headers.get('server') ?? '', closed, isBroken }
}

function silence (error: unknown, limit: AbortSignal): Silence {
  if (limit.aborted) return { kind: 'silent', reason: 'nothing came' }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return { kind: 'unreachable', reason: cause instanceof Error ? cause.message : String(cause) }
}

function typeOf ({ headers }: Response): string {
  return headers.get('content-type') ?? ''
}

function jsonOf (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The clock of this machine, finer than Date.now(). */
function now (): number {
  return performance.timeOrigin + performance.now()
}
