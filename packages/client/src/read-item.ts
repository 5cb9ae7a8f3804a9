import { eventTypeOf } from '@runcast/protocol'
import { notRuncast } from './errors.ts'
import type { Frame } from './frames.ts'
import type { ControlFrame, RunEvent } from './stream-items.ts'

const RESERVED_PREFIX = 'stream_'

/** True for a control frame, which is about the stream itself. */
export function isControl (frame: Frame): boolean {
  return frame.event.startsWith(RESERVED_PREFIX)
}

/**
 * Reads a frame.
 *
 * @returns null for a control frame of an unknown kind
 * @throws RuncastError `unexpected_answer` when the data is not JSON
 */
export function readItem (frame: Frame): RunEvent | ControlFrame | null {
  if (isControl(frame)) return readControl(frame)
  return { kind: 'event', id: frame.id ?? '', type: eventTypeOf(frame.event), data: parse(frame.data), raw: frame.data }
}

/** Reads a control frame without validation: its data comes from the service itself. */
function readControl ({ event, id, data }: Frame): ControlFrame | null {
  return isKnown(event) ? { kind: event, id, data: parse(data) } : null
}

function isKnown (event: string): event is ControlFrame['kind'] {
  return /^stream_(open|gap|position|end|close)$/.test(event)
}

function parse (text: string) {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notRuncast(cause)
  }
}
