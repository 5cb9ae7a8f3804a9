/** One fault in a request. */
export interface Fault {
  /** JSON Pointer into the request's body; '' for the whole body. */
  readonly path: string
  readonly message: string
}

/** A request to the service that failed. */
export class ApiError extends Error {
  /** The status of the answer; 0 without an answer. */
  readonly status: number
  /** The service's own stable code; `unreachable` without an answer. */
  readonly code: string
  /** The faults that the service lists; empty when it only gives a message. */
  readonly faults: readonly Fault[]

  constructor (status: number, code: string, message: string, { faults = [], ...options }: ErrorOptions & { readonly faults?: readonly Fault[] } = {}) {
    super(message, options)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.faults = faults
  }
}
