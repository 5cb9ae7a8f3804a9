import type { EventPage } from '../../api/types.ts'
import type { SourceEvent } from './log-rows.ts'

/** The events of a page of the log. */
export function eventsOf ({ events }: EventPage): SourceEvent[] {
  return events.map(({ id, event_type: type, payload: data }) => ({ id, type, data }))
}
