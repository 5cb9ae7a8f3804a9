import type { Connection } from '@runcast/client/react'
import { AlertFillIcon, BroadcastIcon, CheckIcon, CircleSlashIcon, HourglassIcon, SyncIcon } from '@primer/octicons-react'
import classes from './connection-indicator.module.css'

const LOOKS = {
  connecting: { label: 'Connecting', tone: 'busy', Icon: HourglassIcon },
  waiting: { label: 'Waiting', tone: 'good', Icon: BroadcastIcon },
  live: { label: 'Live', tone: 'good', Icon: BroadcastIcon },
  reconnecting: { label: 'Reconnecting', tone: 'bad', Icon: SyncIcon },
  stale: { label: 'Stale', tone: 'bad', Icon: AlertFillIcon },
  ended: { label: 'Ended', tone: 'still', Icon: CheckIcon },
  denied: { label: 'No access', tone: 'bad', Icon: CircleSlashIcon }
}

/**
 * The state of a connection: icon, name and colour, different for each.
 *
 * @param detail further words, such as the time since which the page may be old
 */
export function ConnectionIndicator ({ connection, detail = '' }: { connection: Connection, detail?: string }) {
  const { label, tone, Icon } = LOOKS[connection]
  return (
    <span className={classes['indicator']} data-connection={connection} data-tone={tone} role='status'>
      <span className={classes['icon']}><Icon /></span>
      <span>{label}</span>
      {detail !== '' && <span className={classes['detail']}>{detail}</span>}
    </span>
  )
}
