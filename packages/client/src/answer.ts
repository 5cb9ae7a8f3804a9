import type { Caller } from './caller.ts'
import { foreign, hasType, refusal, RuncastError } from './errors.ts'
import { limitRequest, type LimitedRequest } from './limited-request.ts'

/** An answer whose body is read piece by piece. */
export interface Answer {
  /**
   * Gives the text of the body until its end.
   *
   * @throws RuncastError `stalled` after `silenceMs` without a byte, `unreachable` when the connection breaks
   */
  chunks (): AsyncGenerator<string, void, undefined>
  /** Closes the connection. */
  close (): void
}

export interface AnswerOptions {
  readonly caller: Caller
  readonly url: string
  /** The media type to ask for. An answer of another type is refused. */
  readonly type: string
  /** The id to resume after; null or left out for none. */
  readonly cursor?: string | null
  /** The longest silence before the connection counts as dead, in milliseconds. */
  readonly silenceMs: number
  readonly signal: AbortSignal
}

/**
 * Sends a GET request and resolves when the answer begins.
 *
 * @returns null for the service's 204: nothing follows the cursor
 * @throws RuncastError the service's refusal, `unreachable`, `stalled`, or `unexpected_answer` for the answer of something else
 */
export async function openAnswer ({ caller, url, type, cursor = null, silenceMs, signal }: AnswerOptions): Promise<Answer | null> {
  const stalled = new RuncastError('stalled', `The service was silent for ${silenceMs} ms.`)
  const request = limitRequest(signal, silenceMs, stalled)
  let body: ReadableStream<Uint8Array> | null = null
  try {
    body = await request.step(async () => {
      const headers = cursor === null ? { accept: type } : { accept: type, 'last-event-id': cursor }
      const response = await caller.send(url, { headers, cache: 'no-store', signal: request.signal })
      return await bodyOf(response, type)
    })
  } finally {
    if (body === null) request.close()
  }
  return body && { chunks: () => readText(body.getReader(), request), close: request.close }
}

async function bodyOf (response: Response, type: string): Promise<ReadableStream<Uint8Array> | null> {
  // Any gateway may answer 204. The service names the cursor that is at the end.
  if (response.status === 204 && response.headers.has('last-event-id')) return null
  if (!response.ok) throw await refusal(response)
  if (response.body === null || !hasType(response, type)) throw foreign(response)
  return response.body
}

async function * readText (reader: ReadableStreamDefaultReader<Uint8Array>, request: LimitedRequest): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  for (;;) {
    const chunk = await request.step(() => reader.read())
    if (chunk.done) return
    yield decoder.decode(chunk.value, { stream: true })
  }
}
