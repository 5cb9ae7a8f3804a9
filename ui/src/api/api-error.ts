/** One thing that is wrong with what was sent. */
export interface Fault {
  /** JSON Pointer into it; '' for the whole. */
  readonly path: string
  readonly message: string
}

/** Why a request to the service failed. */
export class ApiError extends Error {
  /** The status of the answer; 0 when there was none. */
  readonly status: number
  /** The service's own stable code; `unreachable` when there was no answer. */
  readonly code: string
  /** What the service found wrong, one by one; empty when it told no more than the message. */
  readonly faults: readonly Fault[]

  constructor (status: number, code: string, message: string, { faults = [], ...options }: ErrorOptions & { readonly faults?: readonly Fault[] } = {}) {
    super(message, options)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.faults = faults
  }
}
