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
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RuncastError'
    this.code = code
    this.status = options.status ?? 0
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

const TRANSIENT_CODES = new Set(['unreachable', 'timeout', 'stalled'])

/** Whether the same request may succeed later: no answer, or 408, 425, 429, 5xx. */
export function isTransient (error: RuncastError): boolean {
  if (error.status === 0) return TRANSIENT_CODES.has(error.code)
  return error.status === 408 || error.status === 425 || error.status === 429 || error.status >= 500
}

/** The error for a request that got no answer, in words a person can use. Passes a RuncastError through. */
export function noAnswer (cause: unknown): RuncastError {
  if (cause instanceof RuncastError) return cause
  return new RuncastError('unreachable', `The service does not answer (${reasonOf(cause)}).`, { cause })
}

/** The error that an answer other than a success stands for: the service's problem details, as far as it sent any. */
export async function refusal (response: Response): Promise<RuncastError> {
  const problem = await readProblem(response)
  const message = problem.detail ?? problem.title ?? response.statusText
  return new RuncastError(problem.code ?? `http_${response.status}`, `The service answered ${response.status}: ${message || 'no reason given'}`, {
    status: response.status,
    retryAfterMs: retryAfterMs(response)
  })
}

const LONGEST_WAIT_MS = 3_600_000

/** What `Retry-After` asks for, at most an hour. */
function retryAfterMs (response: Response): number | null {
  const text = response.headers.get('retry-after')
  if (text === null) return null
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS)
}

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
}

async function readProblem (response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json()
    return { ...textOf(body, 'code'), ...textOf(body, 'title'), ...textOf(body, 'detail') }
  } catch {
    return {}
  }
}

function textOf (body: unknown, name: string): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {}
  const value: unknown = Reflect.get(body, name)
  return typeof value === 'string' ? { [name]: value } : {}
}

/** Node hides the system's code (`ECONNREFUSED`) in the cause of "fetch failed". */
function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  return error.message
}
