import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { ApiError } from '../api/api-error.ts'
import { endSession, getSession, startSession } from '../api/session.ts'
import type { Session, SessionRequest } from '../api/types.ts'
import { renewalDelay } from './renewal.ts'
import { SessionContext, type SessionState } from './session-context.ts'

/** The time between two requests to a service that does not answer, in milliseconds. */
const RETRY_MS = 2_000

/** Keeps the session, and renews it before it expires: a stream that meets an expired session is gone for good. */
export function SessionProvider ({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ kind: 'unknown' })
  const turn = useRef(0)
  const tellOtherTabs = useRef(() => {})

  const ask = useCallback(async (question: () => Promise<Session>) => {
    const asked = ++turn.current
    const answer = await question().then((session) => ({ session }), (error: unknown) => ({ error }))
    // Signing in or out meanwhile has the last word.
    if (asked === turn.current) setState((before) => 'session' in answer ? signedIn(answer.session) : afterFailure(before, answer.error))
  }, [])

  const check = useCallback(() => ask(getSession), [ask])
  const signIn = useCallback(async (credentials: SessionRequest) => {
    turn.current++
    const session = await startSession(credentials)
    turn.current++
    setState(signedIn(session))
    tellOtherTabs.current()
  }, [])
  const signOut = useCallback(async () => {
    await endSession()
    turn.current++
    setState({ kind: 'signed-out', reason: 'left' })
    tellOtherTabs.current()
  }, [])

  useEffect(() => {
    const channel = new BroadcastChannel('runcast-session')
    channel.addEventListener('message', check)
    tellOtherTabs.current = () => channel.postMessage(null)
    return () => channel.close()
  }, [check])

  useEffect(() => {
    if (state.kind === 'unknown') check()
    if (state.kind !== 'unreachable') return
    const timer = setInterval(check, RETRY_MS)
    return () => clearInterval(timer)
  }, [state.kind, check])

  const session = state.kind === 'signed-in' ? state.session : null
  useEffect(() => {
    if (session === null) return
    return whenDue(Date.now() + renewalDelay(session.expires_at, Date.now()), () => ask(() => startSession({})))
  }, [session, ask])

  const context = useMemo(() => ({ state, signIn, signOut, check }), [state, signIn, signOut, check])
  return <SessionContext value={context}>{children}</SessionContext>
}

function signedIn (session: Session): SessionState {
  return { kind: 'signed-in', session }
}

/** The state after a failed request: a service out of reach ends no session. */
function afterFailure (before: SessionState, error: unknown): SessionState {
  if (error instanceof ApiError && error.status === 401) {
    return before.kind === 'signed-out' ? before : { kind: 'signed-out', reason: before.kind === 'signed-in' ? 'expired' : 'none' }
  }
  return before.kind === 'signed-in' ? signedIn({ ...before.session }) : { kind: 'unreachable' }
}

/** Calls back at a time, or as soon after it as the machine is awake and the page in view. @returns stops waiting */
function whenDue (time: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.max(0, time - Date.now()))
  const whenVisible = () => {
    if (document.visibilityState !== 'visible' || Date.now() < time) return
    clearTimeout(timer)
    callback()
  }
  document.addEventListener('visibilitychange', whenVisible)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', whenVisible)
  }
}
