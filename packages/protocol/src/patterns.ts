const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._~:@+=-]{0,199}$/
const EVENT_TYPE = /^(?!stream_)[A-Za-z][A-Za-z0-9_.:-]{0,63}$/

/** The name of one execution of a workflow. Also the path parameter of every route of a run. */
export const RUN_ID_PATTERN = /* @__PURE__ */ sourceOf(RUN_ID)

/** The type of an event. The prefix `stream_` is reserved for the frames of the stream itself. */
export const EVENT_TYPE_PATTERN = /* @__PURE__ */ sourceOf(EVENT_TYPE)

/** `<ms>-<seq>`, both without leading zeros: the id of an entry of the run log, and a follower's cursor. */
export const EVENT_ID_PATTERN = '^(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})$'

/** A publisher's own id of an event. */
export const PUBLISHER_EVENT_ID_PATTERN = '^[\\x21-\\x7e]{1,128}$'

/** The rule of RUN_ID_PATTERN, for people: the end of a sentence such as "A run id has …". */
export const RUN_ID_RULE = '1 to 200 characters of A-Z a-z 0-9 . _ ~ : @ + = -, the first a letter or digit'

/** Tells if a text can name a run. */
export function isRunId (text: string): boolean {
  return RUN_ID.test(text)
}

/** Tells if a text can be the type of an event. */
export function isEventType (text: string): boolean {
  return EVENT_TYPE.test(text)
}

/** Gives the text of a pattern. The calls are marked pure, so that a bundle leaves out the texts that it does not use. */
function sourceOf (pattern: RegExp): string {
  return pattern.source
}
