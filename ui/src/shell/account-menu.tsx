import { Menu, UnstyledButton } from '@mantine/core'
import { PersonIcon, SignOutIcon } from '@primer/octicons-react'
import { useState } from 'react'
import type { Session } from '../api/types.ts'
import { formatFull } from '../format/time.ts'
import { useSession } from '../session/session-context.ts'
import classes from './shell.module.css'

/** Who is signed in, until when, and the way out. */
export function AccountMenu ({ session }: { session: Session }) {
  const { signOut } = useSession()
  const [problem, setProblem] = useState<string | null>(null)
  const leave = () => {
    setProblem(null)
    signOut().catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
  }
  return (
    <Menu position='bottom-end' width={260} closeOnItemClick={false}>
      <Menu.Target>
        <UnstyledButton className={classes['account']} aria-label={`Account: ${session.subject}`}>
          <PersonIcon />
          <span className={classes['subject']}>{session.subject}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <span className={classes['name']}>{session.subject}</span>
          {session.tenant !== null && <span className={classes['detail']}>Tenant {session.tenant}</span>}
          <span className={classes['detail']}>{session.scopes.join(', ') || 'No scopes'}</span>
          <span className={classes['detail']}>Session until {formatFull(Date.parse(session.expires_at))}</span>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item leftSection={<SignOutIcon />} onClick={leave}>Sign out</Menu.Item>
        {problem !== null && <Menu.Label role='alert' className={classes['problem']}>{problem}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  )
}
