import jwt from '@fastify/jwt'
import fp from 'fastify-plugin'
import { developmentSecret } from '../../services/auth/development-file.ts'
import { tokenKey } from '../../services/auth/token-key.ts'

/** The clock of an issuer may be ahead by this much, which counts for `nbf`. `exp` is exact: plugins/app/auth.ts checks it with the other claims. */
const CLOCK_TOLERANCE_MS = 5_000

/** The signatures of so many tokens are remembered for ten minutes, by a hash of the whole token. */
const CACHED_TOKENS = 1_000

/**
 * Signs and verifies tokens with one key and one algorithm: `fastify.jwt`.
 *
 * @see https://github.com/fastify/fastify-jwt
 */
export default fp(async (fastify) => {
  const { config } = fastify
  const key = tokenKey(config, () => developmentSecret(config.DATA_DIR))
  const issuer = config.hasTokenKey ? config.JWT_ISSUER : undefined
  const audience = config.hasTokenKey ? config.JWT_AUDIENCE : undefined
  await fastify.register(jwt, {
    secret: 'secret' in key ? key.secret : { public: key.publicKey },
    sign: {
      algorithm: key.algorithm,
      ...(issuer === undefined ? {} : { iss: issuer }),
      ...(audience === undefined ? {} : { aud: audience })
    },
    verify: {
      algorithms: [key.algorithm],
      ignoreExpiration: true,
      clockTolerance: CLOCK_TOLERANCE_MS,
      cache: CACHED_TOKENS,
      // A failure is never answered from the cache: a token whose nbf has just passed is good.
      errorCacheTTL: () => -Infinity,
      // A token without a claim passes the list of its allowed values, so the claim is required too.
      requiredClaims: [...(issuer === undefined ? [] : ['iss']), ...(audience === undefined ? [] : ['aud'])],
      ...(issuer === undefined ? {} : { allowedIss: issuer }),
      ...(audience === undefined ? {} : { allowedAud: audience })
    }
  })
}, { name: 'jwt', fastify: '5.x', dependencies: ['config'] })
