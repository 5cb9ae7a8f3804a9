import type { CommandClient } from '../redis/connections.ts'
import { persist } from '../redis/persist.ts'
import { LOGIN_CODE_TTL_MS, hashOf, newCode, type Grant, type LoginCodes } from './login-codes.ts'

/** Keeps login codes in Redis, where any process can redeem one, once. They throw UnavailableError while Redis is away. */
export function createRedisLoginCodes (redis: CommandClient, keyOf: (codeHash: string) => string): LoginCodes {
  return {
    async create (grant) {
      const code = newCode()
      await persist(() => redis.set(keyOf(hashOf(code)), JSON.stringify(grant), 'PX', LOGIN_CODE_TTL_MS))
      return { code, expiresAt: Date.now() + LOGIN_CODE_TTL_MS }
    },

    async redeem (code) {
      const found = await persist(() => redis.getdel(keyOf(hashOf(code))))
      return found === null ? null : readGrant(found)
    }
  }
}

function readGrant (text: string): Grant | null {
  const grant: unknown = JSON.parse(text)
  return isGrant(grant) ? grant : null
}

function isGrant (value: unknown): value is Grant {
  return typeof value === 'object' && value !== null && 'sub' in value && typeof value.sub === 'string'
}
