import { formatCount, formatNumberOf } from '../../format/count.ts'
import type { Checked } from './run-session.ts'

/** What the stream of a run is doing. */
export type Connection = 'connecting' | 'waiting' | 'live' | 'reconnecting' | 'stale' | 'ended' | 'denied'

/** How a connection is shown. */
export interface ConnectionLook {
  readonly label: string
  readonly explanation: string
  readonly tone: 'good' | 'busy' | 'bad' | 'still'
}

const LOOKS: Readonly<Record<Connection, ConnectionLook>> = {
  connecting: { label: 'Connecting', explanation: 'Opening the stream of this run.', tone: 'busy' },
  waiting: { label: 'Live', explanation: 'Connected. The run has not sent anything yet.', tone: 'good' },
  live: { label: 'Live', explanation: 'Connected. What the run does appears at once.', tone: 'good' },
  reconnecting: { label: 'Reconnecting', explanation: 'The connection is lost. What is shown may be old; what is missed will be read when it is back.', tone: 'bad' },
  stale: { label: 'Stale', explanation: 'The service has been silent for too long. What is shown may be old.', tone: 'bad' },
  ended: { label: 'Ended', explanation: 'The run is over and all of it is here. Nothing more will come.', tone: 'still' },
  denied: { label: 'No access', explanation: 'The service refuses the stream of this run.', tone: 'bad' }
}

/** How a connection is shown: a dead one never looks live. */
export function lookOf (connection: Connection): ConnectionLook {
  return LOOKS[connection]
}

/** Whether what is shown is as of now, so that clocks may go on. */
export function isCurrent (connection: Connection): boolean {
  return connection === 'live' || connection === 'waiting'
}

/** What was found out after a reconnect, in words. */
export function checkedText ({ missed, events }: Checked): string {
  const checked = formatNumberOf(events, 'event')
  if (missed === 0) return `Nothing missed, ${checked}`
  return missed === null ? `Some events are missing, ${checked}` : `${formatCount(missed)} missing of ${checked}`
}
