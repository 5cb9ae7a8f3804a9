import { request } from './request.ts'
import type { Session, SessionRequest } from './types.ts'

/** Reads the session of the person. @throws ApiError with status 401 when nobody is signed in, and others */
export function getSession (): Promise<Session> {
  return request('/session')
}

/**
 * Starts a session with a token or a login code, or renews the present one.
 *
 * @throws ApiError `login_code_invalid`, `token_invalid`, `token_expired`, `session_too_large`, and others
 */
export function startSession (credentials: SessionRequest): Promise<Session> {
  return request('/session', { method: 'POST', body: credentials })
}

/** Ends the session. @throws ApiError */
export function endSession (): Promise<null> {
  return request('/session', { method: 'DELETE' })
}
