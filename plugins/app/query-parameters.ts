import { fieldOf } from '@runcast/protocol'
import type { FastifySchema, preValidationAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '../../schemas/problem.ts'
import { refuseUnknownParameters } from '../../services/problems/unknown-parameters.ts'

/**
 * Makes every route of the API refuse query parameters that its schema does not name. Streams ignore them: to
 * EventSource a refusal is final, and gateways and libraries add parameters of their own.
 */
export default fp(async (fastify) => {
  fastify.addHook('onRoute', (route) => {
    const { schema } = route
    if (schema === undefined || !route.url.includes('/api/') || isStream(schema)) return
    const known = Object.keys(fieldOf(schema.querystring, 'properties') ?? {})
    const refuse: preValidationAsyncHookHandler = async ({ query }) => {
      if (typeof query === 'object' && query !== null) refuseUnknownParameters(query, known)
    }
    route.preValidation = [refuse, ...[route.preValidation ?? []].flat()]
    route.schema = { ...schema, response: { ...problems(400), ...answersOf(schema) } }
  })
}, { name: 'query-parameters', fastify: '5.x' })

function answersOf ({ response }: FastifySchema): object {
  return typeof response === 'object' && response !== null ? response : {}
}

/** Tells by its answers whether a route gives a stream. */
function isStream ({ response }: FastifySchema): boolean {
  return fieldOf(fieldOf(fieldOf(response, '200'), 'content'), 'text/event-stream') !== undefined
}
