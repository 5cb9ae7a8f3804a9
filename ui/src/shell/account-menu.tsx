import { Button, Popover, UnstyledButton } from '@mantine/core'
import { PersonIcon, SignOutIcon } from '@primer/octicons-react'
import { useState } from 'react'
import type { Session } from '../api/types.ts'
import { formatFull } from '../format/time.ts'
import { useSession } from '../session/session-context.ts'
import classes from './account-menu.module.css'

/** The name, the rights and the end of the session, and the way to sign out. */
export function AccountMenu ({ session }: { session: Session }) {
  const { signOut } = useSession()
  const [problem, setProblem] = useState<string | null>(null)
  const leave = () => {
    setProblem(null)
    signOut().catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
  }
  return (
    <Popover position='bottom-end' width={280} offset={12} shadow='md' withinPortal={false} trapFocus>
      <Popover.Target>
        <UnstyledButton className={classes['account']} aria-label={`Account: ${session.subject}`}>
          <PersonIcon />
          <span className={classes['subject']}>{session.subject}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes['panel']} aria-label='Account'>
        <p className={classes['name']}>{session.subject}</p>
        <dl className={classes['details']}>
          {session.tenant !== null && <Detail name='Tenant' value={session.tenant} />}
          <Detail name='May' value={session.scopes.join(', ') || 'nothing'} />
          <Detail name='Session until' value={formatFull(Date.parse(session.expires_at))} />
        </dl>
        <Button variant='default' size='xs' fullWidth leftSection={<SignOutIcon />} onClick={leave}>Sign out</Button>
        {problem !== null && <p role='alert' className={classes['problem']}>{problem}</p>}
      </Popover.Dropdown>
    </Popover>
  )
}

function Detail ({ name, value }: { name: string, value: string }) {
  return (
    <div>
      <dt className={classes['term']}>{name}</dt>
      <dd className={classes['value']}>{value}</dd>
    </div>
  )
}
