import { createHash, randomBytes } from 'node:crypto'
import type { Claims } from '../../schemas/auth.ts'

/** What a token grants, without when it ends. */
export type Grant = Omit<Claims, 'exp'>

/** What the user of this machine may do in development. */
export const LOCAL_GRANT: Grant = { sub: 'local', scope: 'runs:read runs:write runs:admin workflows:run' }

/** How long a login code is good. */
export const LOGIN_CODE_TTL_MS = 600_000

/** The login codes that were given out and not used yet. */
export interface LoginCodes {
  /** Makes a code of 128 random bits. `expiresAt` is in milliseconds since 1970. */
  create (grant: Grant): Promise<{ code: string, expiresAt: number }>
  /** What the code was made for, once; null when it is unknown, used or too old. */
  redeem (code: string): Promise<Grant | null>
}

/**
 * Login codes of one process.
 *
 * @param now the clock, in milliseconds
 */
export function createLoginCodes (now: () => number = Date.now): LoginCodes {
  // Found by its hash, so that the time of a look-up tells nothing of a code.
  const granted = new Map<string, { grant: Grant, expiresAt: number }>()

  async function create (grant: Grant) {
    for (const [hash, { expiresAt }] of granted) {
      if (expiresAt <= now()) granted.delete(hash)
    }
    const code = newCode()
    const expiresAt = now() + LOGIN_CODE_TTL_MS
    granted.set(hashOf(code), { grant, expiresAt })
    return { code, expiresAt }
  }

  async function redeem (code: string) {
    const hash = hashOf(code)
    const found = granted.get(hash)
    granted.delete(hash)
    return found === undefined || found.expiresAt <= now() ? null : found.grant
  }

  return { create, redeem }
}

/** A new code. */
export function newCode (): string {
  return randomBytes(16).toString('base64url')
}

/** What a code is kept under. */
export function hashOf (code: string): string {
  return createHash('sha256').update(code).digest('base64')
}
