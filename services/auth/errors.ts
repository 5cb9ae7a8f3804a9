import { defineProblem } from '../problems/problem-error.ts'

// Authentication or authorization failed. No sentence contains the token.

export class UnauthorizedError extends defineProblem('unauthorized', 401, 'A bearer token or a session is required.') {}

export class TokenInvalidError extends defineProblem('token_invalid', 401, 'The token is not valid.') {}

export class TokenExpiredError extends defineProblem('token_expired', 401, 'The token has expired.') {}

export class LoginCodeInvalidError extends defineProblem('login_code_invalid', 401, 'The login code is unknown, used or too old. Ask for a new one.') {}

export class TokenInUrlError extends defineProblem('token_in_url', 400, 'A token does not belong in a URL. Send it in the Authorization header.') {}

export class SessionTooLargeError extends defineProblem('session_too_large', 400, 'The token is too large for a cookie. Ask for one with fewer run_ids.') {}

export class InsufficientScopeError extends defineProblem('insufficient_scope', 403, 'The token lacks the scope for this.') {}

export class ForbiddenRunError extends defineProblem('forbidden', 403, 'The token does not permit this run.') {}

export class CrossSiteError extends defineProblem('cross_site', 403, 'With a session cookie, changes must come as JSON from a page of this service.') {}

export class MisdirectedRequestError extends defineProblem('misdirected_request', 421, 'The Host header does not name this server.') {}
