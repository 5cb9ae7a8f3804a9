import { createHash, randomBytes } from 'node:crypto'
import type { Claims } from '../../schemas/auth.ts'

/** The claims of a token without its end. */
export type Grant = Omit<Claims, 'exp'>

/** The rights of the user of this machine in a development start. */
export const LOCAL_GRANT: Grant = { sub: 'local', scope: 'runs:read runs:write runs:admin workflows:run' }

/** The life of a login code, in milliseconds. */
export const LOGIN_CODE_TTL_MS = 600_000

/** The login codes that are given out and not used yet. */
export interface LoginCodes {
  /** Makes a code. `expiresAt` is in milliseconds since 1970. */
  create (grant: Grant): Promise<{ code: string, expiresAt: number }>
  /** Gives the grant of a code, once. Null when the code is unknown, used or too old. */
  redeem (code: string): Promise<Grant | null>
}

/**
 * Keeps the login codes of one process.
 *
 * @param now the clock, in milliseconds
 */
export function createLoginCodes (now: () => number = Date.now): LoginCodes {
  // Kept by their hashes, so that the time of a look-up tells nothing of a code.
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

/** Makes a code of 128 random bits. */
export function newCode (): string {
  return randomBytes(16).toString('base64url')
}

/** The key that a code is kept under. */
export function hashOf (code: string): string {
  return createHash('sha256').update(code).digest('base64')
}
