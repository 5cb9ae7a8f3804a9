/** The name of one execution of a workflow. Also the path parameter of every route of a run. */
export const RUN_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$'

/** The type of an event. The prefix `stream_` is reserved for the frames of the stream itself. */
export const EVENT_TYPE_PATTERN = '^(?!stream_)[A-Za-z][A-Za-z0-9_.:-]{0,63}$'

/** One to 32 event types, separated by commas. */
export const EVENT_TYPES_PATTERN = `^${EVENT_TYPE_PATTERN.slice(1, -1)}(,${EVENT_TYPE_PATTERN.slice(1, -1)}){0,31}$`

/** `<ms>-<seq>`, both without leading zeros: the id of an entry of the run log, and a follower's cursor. */
export const EVENT_ID_PATTERN = '^(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})$'

/** A publisher's own id of an event. */
export const PUBLISHER_EVENT_ID_PATTERN = '^[\\x21-\\x7e]{1,128}$'

/** The cursor of a list of runs: `<ms>-<run id>`, the place after a run that changed at that time. */
export const RUN_LIST_CURSOR_PATTERN = `^[0-9]{1,16}-${RUN_ID_PATTERN.slice(1)}`

const RUN_ID = new RegExp(RUN_ID_PATTERN)
const EVENT_TYPE = new RegExp(EVENT_TYPE_PATTERN)
const PUBLISHER_EVENT_ID = new RegExp(PUBLISHER_EVENT_ID_PATTERN)

/** One sentence for people who gave a run id that is none. */
export const RUN_ID_RULE = 'A run id has 1 to 128 characters of A-Z a-z 0-9 . _ ~ - and begins with a letter or digit.'

/** One sentence for people who gave an event type that is none. */
export const EVENT_TYPE_RULE = 'An event_type is a letter, then up to 63 characters of A-Z a-z 0-9 _ . : -, and does not begin with stream_.'

/** Tells if a text can name a run. */
export function isRunId (text: string): boolean {
  return RUN_ID.test(text)
}

/** Tells if a text can be the type of an event. */
export function isEventType (text: string): boolean {
  return EVENT_TYPE.test(text)
}

/** Tells if a text can be a publisher's own id of an event. */
export function isPublisherEventId (text: string): boolean {
  return PUBLISHER_EVENT_ID.test(text)
}
