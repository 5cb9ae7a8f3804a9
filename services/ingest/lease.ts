import { randomUUID } from 'node:crypto'
import type { CommandClient } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'

const TAKE = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

// The time, so that tokens grow even when Redis has lost the last one, and never the same twice.
const NEXT_TOKEN = `
local time = redis.call('TIME')
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local token = string.format('%.0f', math.max(ms, tonumber(redis.call('GET', KEYS[1]) or 0) + 1))
redis.call('SET', KEYS[1], token)
return token`

/**
 * The lease on the ingest of plain PUBLISH: one of all replicas has it. Who has lost it without knowing is held off by
 * its fencing token. All methods reject when Redis does not answer.
 */
export class Lease {
  readonly #redis: CommandClient
  readonly #keys: RedisKeys
  readonly #ttlMs: number
  readonly #owner = randomUUID()

  /** @param ttlMs how long the lease lasts without being renewed */
  constructor (redis: CommandClient, keys: RedisKeys, ttlMs: number) {
    this.#redis = redis
    this.#keys = keys
    this.#ttlMs = ttlMs
  }

  /**
   * Takes the lease if it is free.
   *
   * @returns a fencing token, higher than all before and at least the time in milliseconds; null when someone else has the lease
   */
  async take (): Promise<number | null> {
    if (!await this.#run(TAKE)) return null
    const token = Number(await this.#redis.eval(NEXT_TOKEN, 1, this.#keys.leaseToken))
    // The lease may have passed on before the token was given; whoever has it then has the lower one.
    return await this.renew() ? token : null
  }

  /** @returns whether the lease is still this one's */
  async renew (): Promise<boolean> {
    return await this.#run(RENEW)
  }

  async release (): Promise<void> {
    await this.#run(RELEASE)
  }

  async #run (script: string): Promise<boolean> {
    return Number(await this.#redis.eval(script, 1, this.#keys.lease, this.#owner, this.#ttlMs)) === 1
  }
}
