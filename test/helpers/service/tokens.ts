import { createHmac, sign as signWith, type KeyObject } from 'node:crypto'

/** The key that tests give the service as JWT_SECRET. */
export const TEST_SECRET = 'a secret of the tests, 32 bytes or more'

/** Seconds since 1970, so many seconds from now. */
export function inSeconds (seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

/** An HS256 token; `sub`, `exp` and all scopes are there unless the claims say otherwise. */
export function token (claims: Record<string, unknown> = {}, secret: string = TEST_SECRET): string {
  return signed({ alg: 'HS256', typ: 'JWT' }, { sub: 'tester', exp: inSeconds(3600), scope: 'runs:admin', ...claims }, hmac(secret))
}

/** A token of exactly this header and payload, whatever they are. */
export function signed (header: unknown, payload: unknown, signer: (input: string) => string): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signer(input)}`
}

export function hmac (secret: string, hash = 'sha256'): (input: string) => string {
  return (input) => createHmac(hash, secret).update(input).digest('base64url')
}

/** RS256 or ES256, by the kind of the key. */
export function withPrivateKey (key: KeyObject): (input: string) => string {
  return (input) => signWith('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

function encode (part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}
