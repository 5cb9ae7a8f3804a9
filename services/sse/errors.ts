import { defineProblem } from '../problems/problem-error.ts'

/** The client accepts no event stream. */
export class NotAcceptableError extends defineProblem('not_acceptable', 406, 'A stream is text/event-stream. Say so in the Accept header, or leave it out.') {}
