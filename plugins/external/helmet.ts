import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'

export const autoConfig: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    directives: {
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'font-src': ["'self'"],
      'frame-ancestors': ["'none'"],
      // The service may be reached by plain http, and whether by https is known to the gateway alone.
      'upgrade-insecure-requests': null
    }
  },
  frameguard: { action: 'deny' },
  strictTransportSecurity: false
}

/**
 * Security headers on every answer.
 *
 * @see https://github.com/fastify/fastify-helmet
 */
export default helmet
