import { fieldOf } from '@runcast/protocol'

/** What goes wrong between this client and the service; its callers tell it apart by `code`. */
export class RuncastError extends Error {
  /** The status of the service's answer; 0 when there was none. */
  readonly status: number
  /**
   * The service's own stable code, or one of this client: `unreachable`, `timeout`, `stalled` (transient);
   * `invalid_event`, `invalid_run_id`, `buffer_full`, `closed`, `unexpected_answer` (final).
   */
  readonly code: string
  /** How long the service asks to wait before the next attempt, in milliseconds; null when it does not say. */
  readonly retryAfterMs: number | null

  constructor (code: string, message: string, options: { status?: number, retryAfterMs?: number | null, cause?: unknown } = {}) {
    super(message, options)
    this.name = 'RuncastError'
    this.code = code
    this.status = options.status ?? 0
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** The error of an answer that Runcast would not give. */
export function notRuncast (options: { status?: number, cause?: unknown } = {}): RuncastError {
  return new RuncastError('unexpected_answer', 'The answer is not from Runcast.', options)
}

/** The statuses, and the codes of those without one, that tell of a passing trouble. */
const TRANSIENT: ReadonlySet<string | number> = new Set(['unreachable', 'timeout', 'stalled', 408, 425, 429])

/** Whether the same request may succeed later: no answer, or 408, 425, 429, 5xx. */
export function isTransient (error: unknown): error is RuncastError {
  return error instanceof RuncastError && (error.status >= 500 || TRANSIENT.has(error.status || error.code))
}

/** The error for a request that got no answer, in words a person can use. Passes a RuncastError through. */
export function noAnswer (cause: unknown): RuncastError {
  if (cause instanceof RuncastError) return cause
  return new RuncastError('unreachable', `The service does not answer (${reasonOf(cause)}).`, { cause })
}

/** The error that an answer other than a success stands for: the service's problem details, as far as it sent any. */
export async function refusal (response: Response): Promise<RuncastError> {
  const problem: unknown = await response.json().catch(() => null)
  const message = textOf(problem, 'detail') ?? textOf(problem, 'title') ?? response.statusText
  return new RuncastError(textOf(problem, 'code') ?? `http_${response.status}`, `The service answered ${response.status}: ${message || 'no reason'}`, {
    status: response.status,
    retryAfterMs: retryAfterMs(response)
  })
}

const LONGEST_WAIT_MS = 3_600_000

/** What `Retry-After` asks for, at most an hour; null for nothing. */
function retryAfterMs (response: Response): number | null {
  const text = response.headers.get('retry-after') ?? ''
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return wait >= 0 ? Math.min(wait, LONGEST_WAIT_MS) : null
}

function textOf (problem: unknown, name: string): string | undefined {
  const text = fieldOf(problem, name)
  return typeof text === 'string' ? text : undefined
}

/** Node hides the system's code (`ECONNREFUSED`) in the cause of "fetch failed". */
function reasonOf (error: unknown): unknown {
  const cause = fieldOf(error, 'cause') ?? error
  return fieldOf(cause, 'code') ?? fieldOf(cause, 'message') ?? cause
}
