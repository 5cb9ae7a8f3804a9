import { defineProblem } from './problem-error.ts'

/** The query has a parameter that its address does not know. */
export class UnknownParameterError extends defineProblem<[sentence: string]>('invalid_request', 400, '%s') {}

/** The body can not be decoded. */
export class UndecodableBodyError extends defineProblem<[coding: string]>('invalid_content_encoding', 400, 'The body can not be decoded as %s, which its Content-Encoding names.') {}
