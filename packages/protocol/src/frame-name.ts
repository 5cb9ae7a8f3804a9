/** The names of events that EventSource dispatches itself: a page would take an event of the run for one of them. */
const TAKEN = /^(error|open)$/

/** The name of the frame of an event: its type, but `_error` and `_open`, which are the type of no event. */
export function frameNameOf (eventType: string): string {
  return eventType.replace(TAKEN, '_$1')
}

/** The type of the event that a frame of this name holds. */
export function eventTypeOf (frameName: string): string {
  return frameName.replace(/^_/, '')
}
