import type { Claims } from '../../schemas/auth.ts'

/** The most tokens remembered. */
const MOST_TOKENS = 1_000

/** The claims of tokens whose signature was found good, by the whole token: checking a signature once is enough. */
export class VerifiedTokens {
  readonly #claims = new Map<string, Claims>()

  get (token: string): Claims | undefined {
    return this.#claims.get(token)
  }

  /** Remembers a token, in the place of the oldest if need be. */
  set (token: string, claims: Claims): void {
    if (this.#claims.size >= MOST_TOKENS && !this.#claims.has(token)) {
      const [oldest] = this.#claims.keys()
      if (oldest !== undefined) this.#claims.delete(oldest)
    }
    this.#claims.set(token, claims)
  }
}
