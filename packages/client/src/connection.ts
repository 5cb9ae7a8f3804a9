import { createParser } from 'eventsource-parser'
import type { Caller } from './caller.ts'
import { noAnswer, refusal, RuncastError } from './errors.ts'

/** One block of a stream, as it came. */
export interface Frame {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** One open stream. */
export interface Connection {
  /**
   * The blocks of the stream until it ends. A block cut off by the end is left out.
   *
   * @throws RuncastError `stalled` after silence for too long, `unreachable` when the connection breaks
   */
  frames (): AsyncGenerator<Frame, void, undefined>
  /** Lets go of the connection. */
  close (): void
}

export interface ConnectionOptions {
  readonly caller: Caller
  readonly url: string
  /** Resumes after this event. */
  readonly cursor: string | null
  /** After this long without a byte the connection counts as dead, in milliseconds. */
  readonly silenceMs: number
  readonly signal: AbortSignal
  /** Called with what `retry:` says, in milliseconds. */
  readonly onRetryTime: (ms: number) => void
}

/**
 * Opens a stream.
 *
 * @returns null for 204: the run is finished and nothing follows the cursor
 * @throws RuncastError the service's refusal, `unreachable`, `stalled`, or `unexpected_answer` when it is no event stream
 */
export async function connect (options: ConnectionOptions): Promise<Connection | null> {
  const controller = new AbortController()
  const close = () => {
    options.signal.removeEventListener('abort', close)
    controller.abort()
  }
  options.signal.addEventListener('abort', close)
  if (options.signal.aborted) close()
  const watched = <T>(step: () => Promise<T>): Promise<T> => watch(step, controller, options.silenceMs)
  try {
    const response = await watched(() => options.caller.send(options.url, {
      headers: { accept: 'text/event-stream', ...(options.cursor === null ? {} : { 'last-event-id': options.cursor }) },
      cache: 'no-store',
      signal: controller.signal
    }))
    const body = await watched(() => streamOf(response))
    if (body !== null) return { frames: () => readFrames(body.getReader(), watched, options.onRetryTime), close }
  } catch (error) {
    close()
    throw noAnswer(error)
  }
  close()
  return null
}

async function streamOf (response: Response): Promise<ReadableStream<Uint8Array> | null> {
  if (response.status === 204) return null
  if (!response.ok) throw await refusal(response)
  if (response.body === null || !/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
    throw new RuncastError('unexpected_answer', 'What answers at this address is not Runcast.', { status: response.status })
  }
  return response.body
}

async function * readFrames (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  watched: <T>(step: () => Promise<T>) => Promise<T>,
  onRetryTime: (ms: number) => void
): AsyncGenerator<Frame, void, undefined> {
  const frames: Frame[] = []
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent: ({ event = 'message', id = null, data }) => frames.push({ event, id, data }),
    onRetry: onRetryTime
  })
  for (;;) {
    const chunk = await watched(() => reader.read())
    if (chunk.done) return
    parser.feed(decoder.decode(chunk.value, { stream: true }))
    yield * frames.splice(0)
  }
}

/** Runs a step of a connection, which is aborted when the step takes too long. Only a step has a limit: a slow consumer is not a dead service. */
export async function watch<T> (step: () => Promise<T>, controller: AbortController, silenceMs: number): Promise<T> {
  const stalled = new RuncastError('stalled', `The service was silent for ${silenceMs} ms.`)
  const timer = setTimeout(() => controller.abort(stalled), silenceMs)
  try {
    return await step()
  } catch (error) {
    throw controller.signal.reason === stalled ? stalled : noAnswer(error)
  } finally {
    clearTimeout(timer)
  }
}
