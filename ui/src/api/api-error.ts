/** Why a request to the service failed. */
export class ApiError extends Error {
  /** The status of the answer; 0 when there was none. */
  readonly status: number
  /** The service's own stable code; `unreachable` when there was no answer. */
  readonly code: string

  constructor (status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}
