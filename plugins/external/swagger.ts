import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'

export const autoConfig: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.2.0',
    info: {
      title: 'Runcast',
      version: '1',
      description: 'Engines publish what a run is doing, browsers watch it, and no event is lost silently. Errors are problem documents (RFC 9457) with a stable `code`. Query parameters that are not known are refused, but streams ignore them.'
    },
    tags: [
      { name: 'runs', description: 'What runs there are, and how they are.' },
      { name: 'events', description: 'Publish events, and read them back.' },
      { name: 'stream', description: 'Follow runs live.' },
      { name: 'workflows', description: 'Run workflows by the engine of the service.' },
      { name: 'session', description: 'The browser\'s cookie.' },
      { name: 'operation', description: 'For those who run the service.' }
    ],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Claims: sub, exp, scope, run_ids, tenant.' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-runcast', description: 'Set by POST /api/v1/session; on plain http it is runcast_<port>, and behind the path of a shared host __Secure-runcast.' }
      }
    },
    security: [{ bearer: [] }, { session: [] }]
  },
  // A route at the root of its folder answers with and without the last slash; it is shown once, without.
  transform: ({ schema, url }) => ({ schema, url: url.length > 1 && url.endsWith('/') ? url.slice(0, -1) : url }),
  refResolver: {
    buildLocalReference: (json, _baseUri, _fragment, index) => typeof json.$id === 'string' ? json.$id : `schema-${index}`
  }
}

/**
 * Makes the OpenAPI document from the schemas of the routes.
 *
 * @see https://github.com/fastify/fastify-swagger
 */
export default swagger
