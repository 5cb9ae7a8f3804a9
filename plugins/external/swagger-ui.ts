import swaggerUi, { type FastifySwaggerUiOptions } from '@fastify/swagger-ui'

export const autoConfig: FastifySwaggerUiOptions = {
  routePrefix: '/documentation',
  staticCSP: "default-src 'self'; base-uri 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'",
  uiConfig: { deepLinking: true, docExpansion: 'list', validatorUrl: null }
}

/**
 * Serves the OpenAPI document as a page at `/documentation`, as JSON at `/documentation/json`.
 *
 * @see https://github.com/fastify/fastify-swagger-ui
 */
export default swaggerUi
