import createError from '@fastify/error'
import { INVALID_CURSOR } from '../../schemas/pattern-sentences.ts'
import { defineProblem } from '../problems/problem-error.ts'

/** The run does not exist, or belongs to another tenant. */
export class RunNotFoundError extends defineProblem('run_not_found', 404, 'There is no such run.') {}

/** The name of an append or of an event was used for other content before. */
export class IdempotencyConflictError extends defineProblem('idempotency_conflict', 422, 'This Idempotency-Key or event_id was used with other content before. Use a new one.') {}

/** The text can not be the id of an event. */
export class InvalidCursorError extends defineProblem('invalid_cursor', 400, INVALID_CURSOR) {}

/** A page can not lie both after one event and before another. */
export class TwoCursorsError extends defineProblem('two_cursors', 400, 'Ask for the events after a cursor or for those before one, not for both.') {}

/** The run has ended or was heard of meanwhile, so that it is not lost. Clients are never told. */
export class NotSilentError extends createError<[]>('not_silent', 'The run is not silent.') {
  override readonly code = 'not_silent'
}

/** Another process ingests plain PUBLISH now: the append came with an old fencing token. Clients are never told. */
export class IngestFencedError extends createError<[]>('fenced', 'Another process ingests now.') {
  override readonly code = 'fenced'
}
