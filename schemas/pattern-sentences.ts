import { EVENT_ID_PATTERN, RUN_ID_PATTERN, RUN_ID_RULE } from '@runcast/protocol'
import { EVENT_TYPES_PATTERN, RUN_LIST_CURSOR_PATTERN } from './events.ts'

/** The sentence for a text that can not be the id of an event, wherever that is noticed. */
export const INVALID_CURSOR = 'This cursor is not the id of an event. Use one that this service gave.'

/** A sentence for each pattern of a request, by the pattern: to a person a regular expression says nothing. */
export const PATTERN_SENTENCES: Readonly<Record<string, string>> = {
  [RUN_ID_PATTERN]: `A run_id has ${RUN_ID_RULE}.`,
  [EVENT_ID_PATTERN]: INVALID_CURSOR,
  [EVENT_TYPES_PATTERN]: 'event_types holds 1 to 32 types, separated by commas. A type is a letter, then up to 63 of A-Z a-z 0-9 _ . : -, and does not begin with stream_.',
  [RUN_LIST_CURSOR_PATTERN]: 'This cursor does not belong to the list of runs. Use the one that the page before gave.'
}
