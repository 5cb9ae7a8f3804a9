import { Suspense } from 'react'
import { Navigate, Outlet, useLocation } from 'react-router'
import { loginPath } from '../login/return-path.ts'
import { useSession } from '../session/session-context.ts'

/** What is around every page but the login. Leads there who is not signed in. */
export function Shell () {
  const { state } = useSession()
  const { pathname, search, hash } = useLocation()
  if (state.kind === 'signed-out') return <Navigate to={loginPath(`${pathname}${search}${hash}`)} replace />
  return (
    <main>
      <Suspense>{state.kind === 'signed-in' && <Outlet />}</Suspense>
    </main>
  )
}
