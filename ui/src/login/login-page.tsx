import { Alert, Button, Code, Loader, PasswordInput } from '@mantine/core'
import { AlertIcon } from '@primer/octicons-react'
import { useEffect, useEffectEvent, useRef, useState, type SubmitEvent } from 'react'
import { Navigate, useLocation, useNavigate, useSearchParams } from 'react-router'
import type { SessionRequest } from '../api/types.ts'
import { useSession, type SessionState } from '../session/session-context.ts'
import { Logo } from '../shell/logo.tsx'
import { usePageTitle } from '../shell/page-title.ts'
import { loginCode, loginProblem } from './login-problem.ts'
import { returnPath } from './return-path.ts'
import classes from './login-page.module.css'

/** Turns a login code or a pasted token into a session, and leads back to the page that the person wanted. */
export function LoginPage () {
  usePageTitle('Sign in')
  const { state, signIn } = useSession()
  const [query] = useSearchParams()
  const { hash, pathname, search } = useLocation()
  const navigate = useNavigate()
  const [code, setCode] = useState<string | null>(null)
  const [stage, setStage] = useState<'asking' | 'working' | 'done'>('asking')
  const [problem, setProblem] = useState<string | null>(null)

  // A link may also be opened while the page is there.
  const given = loginCode(hash)
  if (given !== null && given !== code) {
    setCode(given)
    setStage('working')
    setProblem(null)
  }

  const attempt = (credentials: SessionRequest) => signIn(credentials).then(() => setStage('done'), (error: unknown) => {
    setProblem(loginProblem(error))
    setStage('asking')
  })
  const submit = (token: string) => {
    setStage('working')
    setProblem(null)
    attempt({ token })
  }

  const redeem = useEffectEvent((code: string) => {
    // A code is good once: it must not stay in the address bar or in the history.
    navigate(`${pathname}${search}`, { replace: true })
    attempt({ code })
  })
  useEffect(() => {
    if (code !== null) redeem(code)
  }, [code])

  // An older session does not stand in for a code that was refused.
  const isIn = state.kind === 'signed-in' && (stage === 'done' || (stage === 'asking' && code === null))
  if (isIn) return <Navigate to={returnPath(query.get('next'))} replace />
  return (
    <main className={classes['page']}>
      <div className={classes['card']}>
        <Logo size={40} />
        <h1 className={classes['title']}>Sign in to Runcast</h1>
        {stage === 'asking' && state.kind !== 'unknown'
          ? <TokenForm notice={problem ?? noticeOf(state)} isProblem={problem !== null} onToken={submit} />
          : <p className={classes['working']} role='status'><Loader size='xs' /> Signing in …</p>}
      </div>
    </main>
  )
}

function noticeOf (state: SessionState): string | null {
  if (state.kind === 'unreachable') return 'The service does not answer. Is it running?'
  if (state.kind !== 'signed-out' || state.reason === 'none') return null
  return state.reason === 'left' ? 'You are signed out.' : 'Your session has ended.'
}

interface TokenFormProps {
  readonly notice: string | null
  readonly isProblem: boolean
  readonly onToken: (token: string) => void
}

function TokenForm ({ notice, isProblem, onToken }: TokenFormProps) {
  const input = useRef<HTMLInputElement>(null)
  const [isMissing, setIsMissing] = useState(false)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const token = input.current?.value.trim() ?? ''
    setIsMissing(token === '')
    if (token === '') input.current?.focus()
    else onToken(token)
  }
  return (
    <form onSubmit={submit} className={classes['form']} noValidate>
      {notice !== null && (
        <Alert role='alert' variant='outline' color={isProblem ? 'red' : 'gray'} icon={<AlertIcon />} className={classes['notice']}>{notice}</Alert>
      )}
      <PasswordInput
        ref={input}
        size='md'
        label='Token'
        error={isMissing && 'Paste a token first.'}
        autoComplete='off'
        autoCapitalize='off'
        spellCheck={false}
        data-autofocus
        autoFocus
      />
      <Button type='submit' size='md' fullWidth>Sign in</Button>
      <p className={classes['hint']}>
        Paste a token that you were given. On the machine that the service runs on, <Code className={classes['code']}>npx runcast login</Code> prints a link that needs none.
      </p>
    </form>
  )
}
