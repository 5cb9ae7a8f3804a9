import accepts from '@fastify/accepts'

/**
 * Content negotiation: `request.accepts()`.
 *
 * @see https://github.com/fastify/fastify-accepts
 */
export default accepts
