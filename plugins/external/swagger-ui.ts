import swaggerUi, { type FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import type { onRequestHookHandler } from 'fastify'

/** Addresses from which the page would look for its files, or lead on, at the root of a shared host. */
const ASTRAY = /^\/documentation(?:\/static\/index\.html)?$/

const leadToPage: onRequestHookHandler = (request, reply, done) => {
  if (request.basePath === '' || !ASTRAY.test(request.url)) return done()
  reply.redirect(`${request.basePath}/documentation/`)
}

export const autoConfig: FastifySwaggerUiOptions = {
  routePrefix: '/documentation',
  staticCSP: "default-src 'self'; base-uri 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'",
  uiHooks: { onRequest: leadToPage },
  transformSpecification: (document, { basePath }) => basePath === '' ? document : { ...document, servers: [{ url: basePath }] },
  uiConfig: { deepLinking: true, docExpansion: 'list', validatorUrl: null }
}

/**
 * Serves the OpenAPI document as a page at `/documentation`, as JSON at `/documentation/json`.
 *
 * @see https://github.com/fastify/fastify-swagger-ui
 */
export default swaggerUi
