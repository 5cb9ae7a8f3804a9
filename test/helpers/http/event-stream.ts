import { request, type IncomingHttpHeaders } from 'node:http'
import { createParser } from 'eventsource-parser'

/** One block of an event stream as a standard parser gives it. */
export interface Frame {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: string
}

export interface OpenOptions {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly lastEventId?: string
}

/** An open stream on a real socket. */
export interface EventStream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly frames: Frame[]
  readonly comments: string[]
  /** Everything received so far. */
  text (): string
  /** Resolves with the first frame that passes, seen or still to come; rejects when the stream ends before. */
  waitFor (passes: (frame: Frame) => boolean): Promise<Frame>
  /** Resolves when the response has ended or the socket is gone. */
  readonly ended: Promise<void>
  /** Stops and goes on reading from the socket. */
  pause (): void
  resume (): void
  /** Drops the connection. */
  destroy (): void
}

/** The frames that are events of the run, not of the stream. */
export function eventsOf (stream: Pick<EventStream, 'frames'>): Frame[] {
  return stream.frames.filter((frame) => frame.event?.startsWith('stream_') !== true)
}

/**
 * Opens a stream and collects its frames. Resolves when the head of the response is there, with any status.
 *
 * @param url the whole URL
 */
export function openEventStream (url: string, { token, headers = {}, lastEventId }: OpenOptions = {}): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent: false,
      headers: {
        accept: 'text/event-stream',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        ...headers
      }
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      outgoing.off('error', reject)
      outgoing.on('error', () => {})
      const frames: Frame[] = []
      const comments: string[] = []
      const waiters = new Set<{ look: () => void, fail: () => void }>()
      let received = ''
      let isOver = false
      const parser = createParser({
        onEvent: ({ id, event, data }) => frames.push({ id, event, data }),
        onComment: (comment) => comments.push(comment)
      })
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        received += chunk
        parser.feed(chunk)
        for (const waiter of waiters) waiter.look()
      })
      response.on('error', () => {})
      const ended = new Promise<void>((resolve) => response.once('close', () => {
        isOver = true
        for (const waiter of waiters) waiter.fail()
        resolve()
      }))
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        frames,
        comments,
        text: () => received,
        ended,
        waitFor: (passes) => new Promise((resolve, reject) => {
          const fail = () => reject(new Error(`the stream ended without that frame; it had: ${received.slice(-2000)}`))
          const waiter = {
            look: () => {
              const found = frames.find(passes)
              if (found === undefined) return
              waiters.delete(waiter)
              resolve(found)
            },
            fail
          }
          waiters.add(waiter)
          waiter.look()
          if (isOver && waiters.has(waiter)) fail()
        }),
        pause: () => response.pause(),
        resume: () => response.resume(),
        destroy: () => outgoing.destroy()
      })
    })
    outgoing.end()
  })
}
