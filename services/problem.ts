import { STATUS_CODES } from 'node:http'
import type { Fault, Problem } from '../schemas/problem.ts'
import { WorkflowError } from './engine/workflow-error.ts'
import { EventError } from './events/event-error.ts'
import { RunLogError, type RunLogErrorCode } from './run-log/run-log.ts'

/** Why a request fails, as its client may know it: no token, no stack, no message of the store. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: Fault[]
  /** When to try again, in seconds; left out when there is no point. */
  readonly retryAfter?: number
}

const INTERNAL: Refusal = { status: 500, code: 'internal_error', detail: 'Something went wrong here. Report the request_id.' }

const RUN_LOG_REFUSALS: Readonly<Record<RunLogErrorCode, Refusal>> = {
  run_not_found: { status: 404, code: 'run_not_found', detail: 'There is no such run.' },
  idempotency_conflict: { status: 422, code: 'idempotency_conflict', detail: 'This Idempotency-Key or event_id was used with other content before. Use a new one.' },
  unavailable: { status: 503, code: 'unavailable', detail: 'The run log does not answer now. Try again, with the same Idempotency-Key when publishing.', retryAfter: 2 },
  storage_full: { status: 503, code: 'storage_full', detail: 'The run log has no room left, and nothing was stored. Try again later.', retryAfter: 5 },
  store_corrupt: { status: 500, code: 'store_corrupt', detail: 'What is stored of this run can not be read. Other runs are not concerned.' },
  fenced: INTERNAL,
  data_dir_in_use: INTERNAL
}

const TOO_LARGE = { code: 'body_too_large', detail: 'The body is too large. Send less at once.' }
const NO_JSON = { code: 'invalid_json', detail: 'The body is not valid JSON.' }

/** Sentences for what the HTTP layer finds, by its code; where there is none, by the status. */
const HTTP_REFUSALS: Readonly<Record<string, { readonly code: string, readonly detail: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: TOO_LARGE,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'The body is of a media type or encoding that is not taken here. See /documentation.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: NO_JSON,
  FST_ERR_CTP_INVALID_JSON_BODY: NO_JSON,
  FST_ERR_BAD_URL: { code: 'bad_request', detail: 'The URL is not well-formed.' },
  400: { code: 'bad_request', detail: 'The request is not well-formed.' },
  404: { code: 'not_found', detail: 'There is nothing at this address. See /documentation.' },
  406: { code: 'not_acceptable', detail: 'Nothing of what the Accept header names can be given here.' },
  408: { code: 'request_timeout', detail: 'The request took too long to arrive.' },
  413: TOO_LARGE,
  415: { code: 'unsupported_media_type', detail: 'The body is of a media type or encoding that is not taken here. See /documentation.' },
  431: { code: 'headers_too_large', detail: 'The headers or the URL are too large.' }
}

/**
 * Says why a request fails. The one place that knows which fault gets which status and code.
 *
 * @param error whatever was thrown
 * @param embedded whether the log is the embedded one, whose full disk is the service's own (507)
 */
export function refusalOf (error: unknown, embedded: boolean): Refusal {
  if (error instanceof RunLogError) {
    const refusal = RUN_LOG_REFUSALS[error.code]
    return error.code === 'storage_full' && embedded ? { ...refusal, status: 507 } : refusal
  }
  if (error instanceof EventError) {
    return { status: error.status, code: error.code, detail: error.message, errors: [{ in: 'body', path: error.path, detail: error.message }] }
  }
  if (error instanceof WorkflowError) {
    const { statusCode: status, code, message: detail, faults } = error
    return { status, code, detail, ...(faults.length === 0 ? {} : { errors: [...faults] }) }
  }
  return isHttpError(error) && error.statusCode >= 400 && error.statusCode < 500 ? refusalOfHttp(error) : INTERNAL
}

/** Makes the body of an error answer. */
export function problemOf (refusal: Refusal, requestId: string): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[refusal.status] ?? 'Error',
    status: refusal.status,
    code: refusal.code,
    detail: refusal.detail,
    request_id: requestId,
    ...(refusal.errors === undefined ? {} : { errors: refusal.errors })
  }
}

/** The refusal that belongs to a status alone. */
export function refusalOfStatus (status: number): Refusal {
  return { status, ...(HTTP_REFUSALS[status] ?? { code: 'bad_request', detail: 'The request can not be carried out.' }) }
}

interface HttpError extends Error {
  readonly statusCode: number
  readonly code?: string
  readonly validation?: readonly ValidationFault[]
  readonly validationContext?: string
}

interface ValidationFault {
  readonly instancePath: string
  readonly keyword: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

const PARTS: Readonly<Record<string, Fault['in']>> = { body: 'body', querystring: 'query', params: 'params', headers: 'headers' }

function refusalOfHttp (error: HttpError): Refusal {
  const { statusCode: status, code = '', validation, validationContext = '' } = error
  if (validation !== undefined) {
    const part = PARTS[validationContext] ?? 'body'
    const errors = validation.map((fault) => ({ in: part, path: pathOf(fault), detail: `${fault.message ?? 'is not valid'}.` }))
    return { status, code: 'invalid_request', detail: `Something in the ${part} of the request is not as it should be: see errors.`, errors }
  }
  // Errors of the service's own carry their sentence; those of the HTTP layer may quote the request.
  if (code !== '' && !code.startsWith('FST_')) return { status, code: code.toLowerCase(), detail: error.message }
  const known = HTTP_REFUSALS[code]
  return known === undefined ? refusalOfStatus(status) : { status, ...known }
}

/** Points at the field itself where the validator points at its object. */
function pathOf ({ instancePath, keyword, params }: ValidationFault): string {
  const field = keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : undefined
  return typeof field === 'string' ? `${instancePath}/${field}` : instancePath
}

function isHttpError (error: unknown): error is HttpError {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
}
