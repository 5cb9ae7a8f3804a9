import { ActionIcon } from '@mantine/core'
import { QuestionIcon } from '@primer/octicons-react'
import { Suspense, useEffect, useRef, type ComponentType, type ReactNode } from 'react'
import { Link, Navigate, NavLink, Outlet, useLocation, useNavigationType } from 'react-router'
import { useSession, type SessionState } from '../session/session-context.ts'
import { AccountMenu } from './account-menu.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { loginPath } from './links.ts'
import { Logo } from './logo.tsx'
import { ShortcutsProvider, useShortcutsOverlay } from './shortcuts.tsx'
import classes from './shell.module.css'

export interface ShellProps {
  /** Keeps state of the pages while other pages are shown. It is made anew for each person. */
  readonly Keeper: ComponentType<{ readonly children: ReactNode }>
}

/** The header and the shortcuts around every page but the login. Without a session it leads to the login. */
export function Shell ({ Keeper }: ShellProps) {
  const { state } = useSession()
  const { pathname, search, hash } = useLocation()
  if (state.kind === 'signed-out') return <Navigate to={loginPath(`${pathname}${search}${hash}`)} replace />
  return (
    <ShortcutsProvider>
      <a className={classes['skip']} href='#main'>Skip to content</a>
      <Header state={state} />
      <Page state={state} Keeper={Keeper} />
    </ShortcutsProvider>
  )
}

function Header ({ state }: { state: SessionState }) {
  const showShortcuts = useShortcutsOverlay()
  return (
    <header className={classes['header']}>
      <Link to='/' className={classes['home']} aria-label='Runcast'>
        <Logo />
        <span className={classes['product']}>Runcast</span>
      </Link>
      {state.kind === 'signed-in' && (
        <nav className={classes['pages']} aria-label='Pages'>
          <NavLink to='/' end>Runs</NavLink>
          <NavLink to='/workflows'>Workflows</NavLink>
        </nav>
      )}
      <div className={classes['tools']}>
        <ActionIcon variant='transparent' size='lg' className={classes['tool']} aria-label='Keyboard shortcuts' onClick={showShortcuts}><QuestionIcon /></ActionIcon>
        {state.kind === 'signed-in' && <AccountMenu session={state.session} />}
      </div>
    </header>
  )
}

function Page ({ state, Keeper }: ShellProps & { readonly state: SessionState }) {
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const navigation = useNavigationType()
  const shown = useRef(pathname)
  useEffect(() => {
    if (shown.current === pathname) return
    shown.current = pathname
    // A new page begins at its top, also for screen readers. A page that is gone back to stays as it was left.
    if (navigation !== 'POP') window.scrollTo(0, 0)
    if (navigation !== 'POP' || document.activeElement === document.body) main.current?.focus({ preventScroll: true })
  }, [pathname, navigation])
  return (
    <main id='main' ref={main} tabIndex={-1} className={classes['main']}>
      {state.kind === 'unreachable' && <p className={classes['notice']} role='alert'>The service does not answer. Trying again …</p>}
      {state.kind === 'signed-in' && (
        <Keeper key={JSON.stringify([state.session.tenant, state.session.subject])}>
          <ErrorBoundary key={pathname} message='This page could not be shown.'>
            <Suspense fallback={<p className={classes['loading']} role='status'>Loading …</p>}><Outlet /></Suspense>
          </ErrorBoundary>
        </Keeper>
      )}
    </main>
  )
}
