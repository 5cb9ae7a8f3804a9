import createError from '@fastify/error'

/** The client accepts no event stream. */
export const NotAcceptableError = createError<[]>('not_acceptable', 'A stream is text/event-stream. Say so in the Accept header, or leave it out.', 406)

/** The cursor in the query can't be one. */
export const InvalidCursorError = createError<[]>('invalid_cursor', 'The cursor or time in the query is not one. Use an id of this run\'s events.', 400)
