import { STATUS_CODES } from 'node:http'
import { Type, type Static } from 'typebox'

const FaultSchema = Type.Object({
  in: Type.Enum(['body', 'query', 'params', 'headers'], { description: 'The part of the request.' }),
  path: Type.String({ description: 'The place in it, as a JSON Pointer; empty for the whole.' }),
  detail: Type.String({ description: 'The fault and its remedy, for people.' })
})

/** One fault of a request, and its place. */
export type Fault = Static<typeof FaultSchema>

/** The media type of every error answer. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

export const ProblemSchema = Type.Object({
  type: Type.Literal('about:blank'),
  title: Type.String({ description: 'The name of the status.' }),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  code: Type.String({ description: 'The fault, for programs: stable.' }),
  detail: Type.String({ description: 'The fault and its remedy, for people.' }),
  request_id: Type.String({ description: 'Finds the request in the logs of the service.' }),
  errors: Type.Optional(Type.Array(FaultSchema, { description: 'The places of the request that are at fault.' }))
}, {
  $id: 'Problem',
  description: 'The reason why a request failed (RFC 9457).',
  examples: [{
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    code: 'invalid_event',
    detail: 'An event has only the fields event_type, payload and event_id.',
    request_id: '6f1c8f0e-55cf-4c7a-8f3d-6e2b2c1f8f1a',
    errors: [{ in: 'body', path: '/3/event_typ', detail: 'An event has only the fields event_type, payload and event_id.' }]
  }]
})

/** The reason why a request failed (RFC 9457). */
export type Problem = Static<typeof ProblemSchema>

/** The error answers of a route, for its `response`. */
export function problems (...statuses: number[]): Record<number, unknown> {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: STATUS_CODES[status],
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: 'Problem#' } } }
  }]))
}
