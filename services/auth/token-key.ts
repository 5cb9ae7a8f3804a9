import { createPublicKey } from 'node:crypto'
import type { Settings } from '../../schemas/config.ts'

/** The one key and the one algorithm that verify tokens. */
export type TokenKey =
  | { readonly algorithm: 'HS256', readonly secret: string }
  | PublicTokenKey

/** A key that verifies tokens but can't sign them. */
export interface PublicTokenKey {
  readonly algorithm: 'RS256' | 'ES256'
  /** PEM. */
  readonly publicKey: string
}

/**
 * Chooses the key that verifies tokens.
 *
 * @param developmentSecret gives the secret of the development start; asked only when no key is configured
 * @throws TypeError when JWT_PUBLIC_KEY is not a usable key
 */
export function tokenKey (settings: Pick<Settings, 'JWT_SECRET' | 'JWT_PUBLIC_KEY'>, developmentSecret: () => string): TokenKey {
  if (settings.JWT_SECRET !== undefined) return { algorithm: 'HS256', secret: settings.JWT_SECRET }
  if (settings.JWT_PUBLIC_KEY !== undefined) return readPublicKey(settings.JWT_PUBLIC_KEY)
  return { algorithm: 'HS256', secret: developmentSecret() }
}

/**
 * Reads a public key; the kind of key decides the algorithm, never the token.
 *
 * @param text PEM; its lines may also be separated by the two characters `\n`, as in many environment files
 * @throws TypeError when it is neither an RSA key of 2048 bits or more nor a key on P-256
 */
export function readPublicKey (text: string): PublicTokenKey {
  const key = parsePublicKey(text.replaceAll('\\n', '\n'))
  const publicKey = key.export({ type: 'spki', format: 'pem' }).toString()
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= 2048) return { algorithm: 'RS256', publicKey }
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return { algorithm: 'ES256', publicKey }
  throw new TypeError('JWT_PUBLIC_KEY must be an RSA key of at least 2048 bits, or an EC key on P-256.')
}

function parsePublicKey (pem: string) {
  // Node would accept a private key and derive the public one. A secret does not belong in this setting.
  if (!pem.includes('PRIVATE KEY')) {
    try {
      return createPublicKey(pem)
    } catch {}
  }
  throw new TypeError('JWT_PUBLIC_KEY must be the PEM of a public key.')
}
