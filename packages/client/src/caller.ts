import { runPath } from '@runcast/protocol'
import { noAnswer } from './errors.ts'

/** The address of the service and the caller's credentials. */
export interface ServiceOptions {
  /** The address of the service, such as `http://127.0.0.1:3000`. It is `''` in a page of the service itself. */
  readonly url: string
  /** A bearer token. Without `token` and `getToken`, a browser sends its session cookie. */
  readonly token?: string
  /** Gives a bearer token. It is called before the first request, and again when the service answers 401. */
  readonly getToken?: () => string | Promise<string>
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** A request of this client: `RequestInit` with plain headers. */
export type CallInit = Omit<RequestInit, 'headers'> & { readonly headers: Readonly<Record<string, string>> }

/** Sends requests to the service, with credentials. */
export interface Caller {
  /** Gives the address of a resource. The path begins after `/api/v1/`. */
  url (path: string): string

  /** Gives the address of a resource of one run. */
  runUrl (runId: string, resource: string): string

  /**
   * Sends a request. After a 401 it is sent once more with a new token from `getToken`.
   *
   * @throws RuncastError `unreachable` without an answer or a token; or the signal's reason
   */
  send (url: string, init: CallInit): Promise<Response>
}

/** Makes a caller. It keeps the token of `getToken` until the service refuses it. */
export function createCaller (options: ServiceOptions): Caller {
  const base = options.url.replace(/\/+$/, '')
  const doFetch = options.fetch ?? fetch.bind(globalThis)
  const { getToken } = options
  let token = options.token === undefined ? null : Promise.resolve(options.token)

  function currentToken (): Promise<string> | null {
    if (token !== null || getToken === undefined) return token
    const asked = Promise.resolve().then(getToken)
    asked.catch(() => forget(asked))
    token = asked
    return asked
  }

  function forget (refused: Promise<string> | null): void {
    if (token === refused) token = null
  }

  async function attempt (url: string, init: CallInit, bearer: Promise<string> | null): Promise<Response> {
    const headers = bearer === null ? init.headers : { ...init.headers, authorization: `Bearer ${await bearer}` }
    return await doFetch(url, { ...init, headers })
  }

  const url = (path: string) => `${base}/api/v1/${path}`
  return {
    url,
    runUrl: (runId, resource) => url(`${runPath(runId)}/${resource}`),
    async send (url, init) {
      try {
        const bearer = currentToken()
        const response = await attempt(url, init, bearer)
        if (response.status !== 401 || getToken === undefined) return response
        await response.body?.cancel()
        forget(bearer)
        return await attempt(url, init, currentToken())
      } catch (error) {
        throw noAnswer(error)
      }
    }
  }
}
