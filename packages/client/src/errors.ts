import { fieldOf } from '@runcast/protocol'

/** A failure between this client and the service. Callers tell failures apart by `code`. */
export class RuncastError extends Error {
  /** The HTTP status of the service's answer; 0 without an answer. */
  readonly status: number
  /**
   * The service's own stable code, or a code of this client: `unreachable`, `timeout`, `stalled` (transient);
   * `invalid_event`, `invalid_run_id`, `buffer_full`, `closed`, `unexpected_answer` (final).
   */
  readonly code: string
  /** The wait that the service asks for before the next attempt, in milliseconds; null if it asks for none. */
  readonly retryAfterMs: number | null

  constructor (code: string, message: string, options: { status?: number, retryAfterMs?: number | null, cause?: unknown } = {}) {
    super(message, options)
    this.name = 'RuncastError'
    this.code = code
    this.status = options.status ?? 0
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** Makes the error of an answer that Runcast would not give. */
export function notRuncast (options: { status?: number, cause?: unknown } = {}): RuncastError {
  return new RuncastError('unexpected_answer', 'The answer is not from Runcast.', options)
}

/** The transient statuses, and the transient codes of errors without a status. */
const TRANSIENT: ReadonlySet<string | number> = new Set(['unreachable', 'timeout', 'stalled', 408, 425, 429])

/** True if the same request may succeed later: no answer, or 408, 425, 429, 5xx. */
export function isTransient (error: unknown): error is RuncastError {
  return error instanceof RuncastError && (error.status >= 500 || TRANSIENT.has(error.status || error.code))
}

/** Makes the error of a request without an answer, with a sentence for people. A RuncastError is returned as it is. */
export function noAnswer (cause: unknown): RuncastError {
  if (cause instanceof RuncastError) return cause
  return new RuncastError('unreachable', `The service does not answer (${reasonOf(cause)}).`, { cause })
}

/** Makes the error of an unsuccessful answer, from its problem details if it has any. */
export async function refusal (response: Response): Promise<RuncastError> {
  const problem: unknown = await response.json().catch(() => null)
  const message = textOf(problem, 'detail') ?? textOf(problem, 'title') ?? response.statusText
  return new RuncastError(textOf(problem, 'code') ?? `http_${response.status}`, `The service answered ${response.status}: ${message || 'no reason'}`, {
    status: response.status,
    retryAfterMs: retryAfterMs(response)
  })
}

const LONGEST_WAIT_MS = 3_600_000

/** Reads `Retry-After`: a wait in milliseconds, at most an hour; null without one. */
function retryAfterMs (response: Response): number | null {
  const text = response.headers.get('retry-after') ?? ''
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return wait >= 0 ? Math.min(wait, LONGEST_WAIT_MS) : null
}

function textOf (problem: unknown, name: string): string | undefined {
  const text = fieldOf(problem, name)
  return typeof text === 'string' ? text : undefined
}

/** Finds the most telling part: Node hides the system's code (`ECONNREFUSED`) in the cause of "fetch failed". */
function reasonOf (error: unknown): unknown {
  const cause = fieldOf(error, 'cause') ?? error
  return fieldOf(cause, 'code') ?? fieldOf(cause, 'message') ?? cause
}
