import { STATUS_CODES } from 'node:http'
import type { Problem } from '../../schemas/problem.ts'
import { isProblemError } from './problem-error.ts'
import { requestFaults, type ValidationFault } from './request-faults.ts'

/** The members of a problem document that do not depend on the request. */
type Description = Omit<Problem, 'type' | 'title' | 'request_id'>

const INTERNAL: Description = { status: 500, code: 'internal_error', detail: 'Something went wrong in the service. Report the request_id.' }

const TOO_LARGE = { code: 'body_too_large', detail: 'The body is too large. Send less at once.' }
const NO_JSON = { code: 'invalid_json', detail: 'The body is not valid JSON.' }
const MEDIA_TYPE = { code: 'unsupported_media_type', detail: 'The body has a media type or an encoding that is not accepted here. See /documentation.' }

/** Codes and sentences for the errors of the HTTP layer, whose own messages may quote the request: by their code, else by the status. */
const HTTP_PROBLEMS: Readonly<Record<string, Pick<Problem, 'code' | 'detail'>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: TOO_LARGE,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: MEDIA_TYPE,
  FST_ERR_CTP_EMPTY_JSON_BODY: NO_JSON,
  FST_ERR_CTP_INVALID_JSON_BODY: NO_JSON,
  FST_ERR_BAD_URL: { code: 'bad_request', detail: 'The URL is not well-formed.' },
  400: { code: 'bad_request', detail: 'The request is not well-formed.' },
  404: { code: 'not_found', detail: 'There is nothing at this address. See /documentation.' },
  406: { code: 'not_acceptable', detail: 'The service can give nothing that the Accept header names.' },
  408: { code: 'request_timeout', detail: 'The request took too long to arrive.' },
  413: TOO_LARGE,
  415: MEDIA_TYPE,
  431: { code: 'headers_too_large', detail: 'The headers or the URL are too large.' }
}

/**
 * Makes the problem document (RFC 9457) of an error. It reads `statusCode`, `code` and `detail`, and knows no class:
 * an error without a `detail` is told by its status alone, and one without a status of 4xx not at all.
 *
 * @param error whatever was thrown
 */
export function problemOf (error: unknown, requestId: string): Problem {
  return documentOf(describe(error), requestId)
}

/** Makes the problem document of a status for which nothing was thrown. */
export function problemOfStatus (status: number, requestId: string): Problem {
  return documentOf(describeStatus(status), requestId)
}

/** The pause before the next attempt, in seconds; null where the error names none. */
export function retryAfterOf (error: unknown): number | null {
  return isProblemError(error) ? error.retryAfter ?? null : null
}

function documentOf (description: Description, requestId: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[description.status] ?? 'Error', ...description, request_id: requestId }
}

/** Describes an error to a client, without the request that it belongs to. */
export function describe (error: unknown): Description {
  if (isProblemError(error)) {
    const { statusCode: status, code, detail, errors } = error
    return { status, code, detail, ...(errors === undefined ? {} : { errors: [...errors] }) }
  }
  if (!isHttpError(error) || error.statusCode < 400 || error.statusCode >= 500) return INTERNAL
  const { statusCode: status, code = '', validation, validationContext = '' } = error
  if (validation !== undefined) return describeValidation(status, validation, validationContext)
  const known = HTTP_PROBLEMS[code]
  return known === undefined ? describeStatus(status) : { status, ...known }
}

function describeStatus (status: number): Description {
  return { status, ...(HTTP_PROBLEMS[status] ?? { code: 'bad_request', detail: 'The request can not be carried out.' }) }
}

function describeValidation (status: number, validation: readonly ValidationFault[], context: string): Description {
  const errors = requestFaults(validation, context)
  const [first, ...others] = errors
  const detail = first !== undefined && others.length === 0 ? first.detail : 'The request has several faults: see errors.'
  return { status, code: 'invalid_request', detail, errors }
}

/** An error of Fastify or of one of its plugins. */
interface HttpError extends Error {
  readonly statusCode: number
  readonly code?: string
  readonly validation?: readonly ValidationFault[]
  readonly validationContext?: string
}

function isHttpError (error: unknown): error is HttpError {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
}
