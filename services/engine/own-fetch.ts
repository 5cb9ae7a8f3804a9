import type { IncomingMessage, ServerResponse } from 'node:http'
import inject from 'light-my-request'

/** Handles a request, as a server does. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

const METHODS = ['GET', 'POST', 'DELETE'] as const

/**
 * A `fetch` whose requests go to a handler of this process instead of through a socket, also while the server closes.
 * It does what the client package needs: methods GET, POST and DELETE, plain headers, text bodies, signals.
 *
 * @returns rejects with TypeError for any other request
 */
export function createOwnFetch (handler: RequestHandler): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const method = METHODS.find((known) => known === (init.method ?? 'GET'))
    const { body = null, signal = null } = init
    if (method === undefined || (body !== null && typeof body !== 'string')) throw new TypeError('such a request can not be made')
    signal?.throwIfAborted()
    const answer = await inject(handler, {
      method,
      url: url.href,
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(body === null ? {} : { payload: body }),
      ...(signal === null ? {} : { signal })
    })
    const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
    return new Response(answer.payload === '' ? null : answer.payload, { status: answer.statusCode, headers })
  }
}
