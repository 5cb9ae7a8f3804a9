import createError from '@fastify/error'

/** The body is compressed, or encoded in another way. */
export const UnsupportedEncodingError = createError<[]>('unsupported_media_type', 'The body must come without Content-Encoding.', 415)

/** A cursor that has the shape of one, but numbers that no event has. */
export const InvalidCursorError = createError<[]>('invalid_cursor', 'This cursor is not the id of an event. Use one that this service gave.', 400)

/** A page can begin at one place only. */
export const TwoCursorsError = createError<[]>('invalid_request', 'Ask for what is after an event or for what is before one, not for both.', 400)
