import type { TaskError } from '../problem.ts'
import { tooLarge } from '../sizes.ts'
import type { GuardedHttp } from './guarded-http.ts'

/**
 * Gives the guarded HTTP client the type of the global `fetch`, for libraries that take one. Bodies of requests are texts.
 *
 * @param maxBytes the most bytes of one response; reading more of it fails
 * @param onTooLarge called with the error of that failure: a reader may not pass it on
 */
export function boundedFetch (http: GuardedHttp, maxBytes: number, onTooLarge: (error: TaskError) => void): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const { method = 'GET', headers, body, signal = null, redirect = 'follow' } = init
    const response = await http.fetch(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      body: typeof body === 'string' ? body : null,
      signal,
      redirect
    })
    const { status, statusText, body: stream } = response
    // The constructor refuses a body for statuses that have none.
    const content = stream === null || NO_CONTENT.has(status) ? null : stream.pipeThrough(countBytes(maxBytes, onTooLarge))
    return new Response(content, { status, statusText, headers: Object.fromEntries(response.headers) })
  }
}

const NO_CONTENT: ReadonlySet<number> = new Set([101, 204, 205, 304])

function countBytes (maxBytes: number, onTooLarge: (error: TaskError) => void): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return new TransformStream({
    transform (chunk, controller) {
      bytes += chunk.byteLength
      if (bytes <= maxBytes) return controller.enqueue(chunk)
      const error = tooLarge('The response', maxBytes)
      onTooLarge(error)
      controller.error(error)
    }
  })
}
