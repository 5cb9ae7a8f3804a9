/** The type of an event whose publisher gave none. */
export const DEFAULT_EVENT_TYPE = 'message'

/** The most events that one request may publish. */
export const MAX_BATCH_EVENTS = 1_000

/** The largest body that one request may publish, in bytes. */
export const MAX_BODY_BYTES = 8_388_608

/** The deepest nesting of arrays and objects that a payload may have. */
export const MAX_JSON_DEPTH = 64

/** The type of the events that the service alone writes: plain PUBLISH messages of the run were refused. */
export const PUBLISH_REFUSED = 'publish_refused'
