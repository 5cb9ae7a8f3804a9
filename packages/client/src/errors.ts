import { fieldOf } from '@runcast/protocol'

/** A failure between this client and the service. Callers tell failures apart by `code`. */
export class RuncastError extends Error {
  /** The HTTP status of the service's answer; 0 without an answer. */
  readonly status: number
  /**
   * The service's own stable code, or a code of this client: `unreachable`, `timeout`, `stalled` (transient);
   * `unexpected_answer` for an answer of something else, such as a gateway (transient once the service has answered);
   * `invalid_event`, `invalid_run_id`, `buffer_full`, `closed` (final).
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
export function notRuncast (cause?: unknown): RuncastError {
  return new RuncastError('unexpected_answer', 'The answer is not from Runcast.', { cause })
}

/** Makes the error of an answer of something else, and names it. */
export function foreign ({ status, headers }: Response): RuncastError {
  const named = [status, headers.get('content-type')?.split(';')[0], headers.get('server')].filter(Boolean).join(' ')
  // A gateway's bound of the body does not pass.
  return new RuncastError(status === 413 ? 'body_too_large' : 'unexpected_answer', `The answer is not from Runcast: ${named}.`, { status })
}

/** The most answers in a row that may come from something else before the service has ever answered. */
const MOST_FOREIGN = 10

/**
 * Judges the failures of one series of attempts. A gateway's answer passes, but where the service has never answered the
 * address may be wrong. A gateway's 5xx tells of a service that is away, however long.
 */
export function createJudge () {
  let foreigners = 0
  return {
    /** Notes an answer of the service itself. */
    answered () {
      foreigners = -Infinity
    },
    /** True if the next attempt may succeed. */
    isTransient (error: unknown): error is RuncastError {
      return isForeign(error) ? ++foreigners < MOST_FOREIGN : isTransient(error)
    }
  }
}

function isForeign (error: unknown): boolean {
  return error instanceof RuncastError && error.code === 'unexpected_answer' && error.status < 500
}

/** The transient codes of this client, and the transient statuses. */
const TRANSIENT: ReadonlySet<string | number> = new Set(['unreachable', 'timeout', 'stalled', 'unexpected_answer', 408, 425, 429])

/** True if the same request may succeed later: no answer or one of something else, or the service's 408, 425, 429, 5xx. */
export function isTransient (error: unknown): error is RuncastError {
  return error instanceof RuncastError && (error.status >= 500 || TRANSIENT.has(error.code) || TRANSIENT.has(error.status))
}

/** Makes the error of a request without an answer, with a sentence for people. A RuncastError is returned as it is. */
export function noAnswer (cause: unknown): RuncastError {
  if (cause instanceof RuncastError) return cause
  return new RuncastError('unreachable', `The service does not answer (${reasonOf(cause)}).`, { cause })
}

/** Makes the error of an answer that is not as wanted: the service's own refusal is a problem document with a code. */
export async function refusal (response: Response): Promise<RuncastError> {
  const { status } = response
  const problem: unknown = hasType(response, 'application/problem+json') ? await response.json().catch(() => null) : null
  const code = textOf(problem, 'code')
  if (code === undefined) return foreign(response)
  return new RuncastError(code, `The service answered ${status}: ${textOf(problem, 'detail') ?? code}`, { status, retryAfterMs: retryAfterMs(response) })
}

/** Tells if the body of an answer has a media type. */
export function hasType ({ headers }: Response, type: string): boolean {
  return headers.get('content-type')?.startsWith(type) === true
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
