import createError from '@fastify/error'

/** No credentials came with the request. */
export const UnauthorizedError = createError<[]>('unauthorized', 'A bearer token or a session is required.', 401)

/** The token is not one of this service's issuer, or lacks what a token must have. Never says which. */
export const TokenInvalidError = createError<[]>('token_invalid', 'The token is not valid.', 401)

/** The token was good once. */
export const TokenExpiredError = createError<[]>('token_expired', 'The token has expired.', 401)

/** The login code is unknown, was used, or is too old. */
export const LoginCodeInvalidError = createError<[]>('login_code_invalid', 'The login code was used already, is too old, or never was one.', 401)

/** A token came in the URL, where logs and histories keep it. */
export const TokenInUrlError = createError<[]>('token_in_url', 'A token does not belong in a URL. Send it in the Authorization header.', 400)

/** The session would need a cookie that browsers refuse. */
export const SessionTooLargeError = createError<[]>('session_too_large', 'The token is too large for a cookie. Ask for one with fewer run_ids.', 400)

/** The credentials are good, but do not permit this; the argument says what is missing. */
export const ForbiddenError = createError<[string]>('forbidden', '%s', 403)

/** A browser's session was used by a page of another origin, or by what can't tell its origin. */
export const CrossSiteError = createError<[]>('cross_site', 'With a session cookie, changes must come from a page of this service as JSON.', 403)

/** The Host header names another server than the one that listens here. */
export const MisdirectedError = createError<[]>('misdirected_request', 'The Host header does not name this server.', 421)
