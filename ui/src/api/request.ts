import { parseJson } from '../json/exact-json.ts'
import { ApiError } from './api-error.ts'
import { BASE_PATH } from './base-path.ts'
import { noteServerTime } from './server-time.ts'

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** The body, sent as JSON. */
  readonly body?: object
  /** The parameters; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly signal?: AbortSignal
  /** Reads integers that JavaScript would round as BigInts. */
  readonly exact?: boolean
}

/**
 * Sends a request to the service that this page came from. The session cookie, or a gateway, identifies the person.
 *
 * @param path below `/api/v1`, such as `/session`
 * @returns the parsed body, or null when there is none. Its type is not checked: the service has validated it.
 * @throws ApiError with the service's code, or `unreachable`
 */
export async function request<T> (path: string, { method = 'GET', body, query = {}, signal, exact = false }: RequestOptions = {}): Promise<T> {
  const response = await send(`${BASE_PATH}/api/v1${path}${queryText(query)}`, {
    method,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal })
  })
  noteServerTime(response.headers.get('date'), Date.now())
  if (!response.ok) throw await refusal(response)
  const answer = response.status === 204 ? null : exact ? parseJson(await response.text()) : await response.json()
  return answer
}

async function send (url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    throw new ApiError(0, 'unreachable', 'The service does not answer.', { cause })
  }
}

/** The members of the service's problem details that the pages use. */
interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<{ readonly path: string, readonly detail: string }>
}

/** Makes the error of an answer. Only the service's own problem documents are its refusals: others are a gateway's, and pass. */
async function refusal (response: Response): Promise<ApiError> {
  const type = response.headers.get('content-type') ?? ''
  if (!type.startsWith('application/problem+json')) return new ApiError(0, 'unreachable', `The answer is not from the service: ${response.status} ${type}`.trimEnd())
  const problem: Problem = await response.json().catch(() => ({}))
  const faults = (problem.errors ?? []).map(({ path, detail: message }) => ({ path, message }))
  return new ApiError(response.status, problem.code ?? `http_${response.status}`, problem.detail ?? problem.title ?? `The service answered ${response.status}.`, { faults })
}

function queryText (query: NonNullable<RequestOptions['query']>): string {
  const given = Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]])
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}
