import { createParser } from 'eventsource-parser'

/** One event block of an SSE stream. */
export interface Frame {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/**
 * Parses the text of a stream. An incomplete block at the end is left out.
 *
 * @param onRetry called with the value of each `retry:` field, in milliseconds
 */
export async function * framesOf (text: AsyncIterable<string>, onRetry: (ms: number) => void): AsyncGenerator<Frame, void, undefined> {
  const frames: Frame[] = []
  const parser = createParser({
    onEvent: ({ event = 'message', id = null, data }) => frames.push({ event, id, data }),
    onRetry
  })
  for await (const chunk of text) {
    parser.feed(chunk)
    yield * frames.splice(0)
  }
}
