import { randomBytes } from 'node:crypto'
import type { Claims } from '../../schemas/auth.ts'
import { hashOf, type Grant } from './login-codes.ts'

/** How long a token is good, in milliseconds. */
const TTL_MS = 600_000

/**
 * Tokens that the service gives to parts of itself. They are random and known to this process alone, so that none is
 * needed to sign them, and what comes from outside can't have one.
 *
 * @param now the clock, in milliseconds
 */
export class OwnTokens {
  readonly #now: () => number
  /** Found by its hash, so that the time of a look-up tells nothing of a token. */
  readonly #claims = new Map<string, Claims>()

  constructor (now: () => number = Date.now) {
    this.#now = now
  }

  /** A token that is good for ten minutes. */
  issue (grant: Grant): string {
    const seconds = this.#now() / 1000
    for (const [hash, { exp }] of this.#claims) {
      if (exp <= seconds) this.#claims.delete(hash)
    }
    const token = randomBytes(32).toString('base64url')
    this.#claims.set(hashOf(token), { ...grant, exp: Math.floor((this.#now() + TTL_MS) / 1000) })
    return token
  }

  /** What a token was issued for, be its time over or not; undefined for any other. */
  get (token: string): Claims | undefined {
    return this.#claims.get(hashOf(token))
  }
}
