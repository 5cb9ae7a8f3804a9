import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

/** Only the listed origins get any CORS header, and those may send credentials. */
export const autoConfig = ({ config: { corsOrigins } }: FastifyInstance): FastifyCorsOptions => ({
  origin: (origin, callback) => callback(null, origin !== undefined && corsOrigins.includes(origin) ? origin : false),
  credentials: true,
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'X-Request-Id'],
  strictPreflight: false,
  exposedHeaders: ['X-Request-Id', 'Retry-After', 'Content-Disposition'],
  maxAge: 600
})

/**
 * Lets browsers use the service from pages of other origins.
 *
 * @see https://github.com/fastify/fastify-cors
 */
export default cors
