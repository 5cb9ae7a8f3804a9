import type { Connection } from '@runcast/client/react'
import { formatCount, formatNumberOf } from '../../format/count.ts'
import type { Checked } from './reconnect-check.ts'

const EXPLANATIONS: Readonly<Record<Connection, string>> = {
  connecting: 'Opening the stream of this run.',
  waiting: 'Connected. The run has not sent anything yet.',
  live: 'Connected: what the run does appears at once.',
  reconnecting: 'The connection is lost, so this may be old. What is missed is read when it is back.',
  stale: 'The service has been silent for too long, so this may be old.',
  ended: 'The run is over and all of it is here.',
  denied: 'The service refuses the stream of this run.'
}

/** What a connection means for what is shown. */
export function explanationOf (connection: Connection): string {
  return EXPLANATIONS[connection]
}

/** Whether what is shown is as of now, so that clocks may go on. */
export function isCurrent (connection: Connection): boolean {
  return connection === 'live' || connection === 'waiting'
}

/** Whether there was a connection, or should be one, and is none. */
export function isCutOff (connection: Connection): boolean {
  return connection === 'reconnecting' || connection === 'stale' || connection === 'denied'
}

/** What was found out after a reconnect, in words: `nothing missed, 1,204 events`. */
export function checkedText ({ missed, events }: Checked): string {
  if (missed === 0) return `nothing missed, ${formatNumberOf(events, 'event')}`
  return missed === null ? 'some events are missing' : `${formatCount(missed)} of ${formatNumberOf(events, 'event')} missing`
}
