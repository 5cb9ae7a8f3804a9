import type { Connection } from '@runcast/client/react'
import { formatCount, formatNumberOf } from '../../format/count.ts'
import type { Checked } from './reconnect-check.ts'

const EXPLANATIONS: Readonly<Record<Connection, string>> = {
  connecting: 'Opening the stream of this run.',
  waiting: 'Connected. The run has not sent anything yet.',
  live: 'Connected: news of the run appears at once.',
  reconnecting: 'The connection is lost, so this may be old. Missed events are read when it is back.',
  stale: 'The service has been silent for too long, so this may be old.',
  ended: 'The run is over and all of it is here.',
  denied: 'The service refuses the stream of this run.'
}

/** Explains the state of a connection to people. */
export function explanationOf (connection: Connection): string {
  return EXPLANATIONS[connection]
}

/** Tells whether the page is up to date, so that clocks may go on. */
export function isCurrent (connection: Connection): boolean {
  return connection === 'live' || connection === 'waiting'
}

/** Tells whether a connection is missing that was there, or should be. */
export function isCutOff (connection: Connection): boolean {
  return connection === 'reconnecting' || connection === 'stale' || connection === 'denied'
}

/** The outcome of a reconnect in words: `nothing missed, 1,204 events`. */
export function checkedText ({ missed, events }: Checked): string {
  if (missed === 0) return `nothing missed, ${formatNumberOf(events, 'event')}`
  return missed === null ? 'some events are missing' : `${formatCount(missed)} of ${formatNumberOf(events, 'event')} missing`
}
