import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

/** The request headers that the service reads, and those that libraries for fetch and for tracing often send. */
const ALLOWED_HEADERS = [
  'Authorization', 'Content-Type', 'Content-Encoding', 'Idempotency-Key', 'Last-Event-ID', 'X-Request-Id',
  'Cache-Control', 'traceparent', 'tracestate', 'baggage', 'sentry-trace'
]

/** Response headers that scripts may read, beside those that they always may. */
const EXPOSED_HEADERS = ['X-Request-Id', 'Retry-After', 'Content-Disposition', 'Location', 'WWW-Authenticate', 'Last-Event-ID', 'Runcast-Run-Finished']

/** The headers by which gateways tell of a client. */
const FORWARDING = /^(forwarded|x-forwarded-.*|x-real-ip)$/i

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

/**
 * Only the listed origins get any CORS header, and those may send credentials and any header but those of gateways:
 * tracing has many names, and a page that can send credentials gains nothing by another header.
 */
export const autoConfig = ({ config: { corsOrigins } }: FastifyInstance): FastifyCorsOptions => ({
  delegator: ({ headers }, callback) => callback(null, {
    origin: headers.origin !== undefined && corsOrigins.includes(headers.origin) ? headers.origin : false,
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: [...ALLOWED_HEADERS, ...othersIn(headers['access-control-request-headers'])],
    strictPreflight: false,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600
  })
})

/** The names in a preflight's list that are not allowed anyway, and may be. */
function othersIn (asked: string | undefined): string[] {
  const names = (asked ?? '').split(',').map((name) => name.trim())
  const known = new Set(ALLOWED_HEADERS.map((name) => name.toLowerCase()))
  return names.filter((name) => HEADER_NAME.test(name) && !FORWARDING.test(name) && !known.has(name.toLowerCase()))
}

/**
 * Lets browsers use the service from pages of other origins.
 *
 * @see https://github.com/fastify/fastify-cors
 */
export default cors
