import { createContext, use } from 'react'
import type { Session, SessionRequest } from '../api/types.ts'

/** The state of the session, as far as it is known. */
export type SessionState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'signed-out', readonly reason: 'none' | 'expired' | 'left' }
  | { readonly kind: 'signed-in', readonly session: Session }

export interface SessionAccess {
  readonly state: SessionState
  /** Starts a session. @throws ApiError when the service refuses it */
  signIn (credentials: SessionRequest): Promise<void>
  /** Ends the session. @throws ApiError */
  signOut (): Promise<void>
  /** Reads the session again, after a request was refused with 401. Never rejects. */
  check (): Promise<void>
}

export const SessionContext = createContext<SessionAccess | null>(null)

/** The session of the person at this browser. */
export function useSession (): SessionAccess {
  const context = use(SessionContext)
  if (context === null) throw new Error('useSession needs a SessionProvider around it')
  return context
}
