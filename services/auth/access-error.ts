/** Every way in which a request can fail for who sent it, with the HTTP status and the sentence for its client. */
const FAULTS = {
  unauthorized: [401, 'A bearer token or a session is required.'],
  token_invalid: [401, 'The token is not valid.'],
  token_expired: [401, 'The token has expired.'],
  login_code_invalid: [401, 'The login code was used already, is too old, or never was one.'],
  token_in_url: [400, 'A token does not belong in a URL. Send it in the Authorization header.'],
  session_too_large: [400, 'The token is too large for a cookie. Ask for one with fewer run_ids.'],
  insufficient_scope: [403, 'The token lacks the scope for this.'],
  forbidden: [403, 'The token does not permit this run.'],
  cross_site: [403, 'With a session cookie, changes must come as JSON from a page of this service.'],
  misdirected_request: [421, 'The Host header does not name this server.']
} as const

export type AccessErrorCode = keyof typeof FAULTS

/** The fault of a request for who sent it. Says nothing of the token. */
export class AccessError extends Error {
  readonly code: AccessErrorCode
  /** HTTP. */
  readonly statusCode: number

  constructor (code: AccessErrorCode) {
    const [statusCode, message] = FAULTS[code]
    super(message)
    this.name = 'AccessError'
    this.code = code
    this.statusCode = statusCode
  }
}
