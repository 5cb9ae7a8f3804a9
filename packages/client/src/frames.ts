import { createParser } from 'eventsource-parser'

/** One block of a stream, as it came. */
export interface Frame {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/**
 * The blocks of a stream, from its text. A block cut off by the end is left out.
 *
 * @param onRetry called with what `retry:` says, in milliseconds
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
