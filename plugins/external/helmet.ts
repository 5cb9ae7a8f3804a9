import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'

/** Permits only content that the service itself serves, and nothing inline. */
const DIRECTIVES = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'connect-src': ["'self'"],
  'font-src': ["'self'"],
  'worker-src': ["'self'"],
  'manifest-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"]
}

/**
 * The content security policy of one answer with the page. It is the policy of every answer, and lets in the inline
 * styles that carry the nonce.
 *
 * Helmet's own `enableCSPNonces` would also let in scripts with a nonce, and the page has none.
 */
export function policyWithNonce (nonce: string): NonNullable<FastifyHelmetOptions['contentSecurityPolicy']> {
  return { useDefaults: false, directives: { ...DIRECTIVES, 'style-src': [...DIRECTIVES['style-src'], `'nonce-${nonce}'`] } }
}

export const autoConfig: FastifyHelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: DIRECTIVES },
  frameguard: { action: 'deny' },
  // Only the gateway knows whether browsers reach the service by https.
  strictTransportSecurity: false
}

/**
 * Security headers on every answer.
 *
 * @see https://github.com/fastify/fastify-helmet
 */
export default helmet
