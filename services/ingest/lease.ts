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

// The time, so that tokens grow even after Redis has lost the last one. One more than the last, so that none is given twice.
const NEXT_TOKEN = `
local time = redis.call('TIME')
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local token = string.format('%.0f', math.max(ms, tonumber(redis.call('GET', KEYS[1]) or 0) + 1))
redis.call('SET', KEYS[1], token)
return token`

/**
 * The lease on the ingest of plain PUBLISH, held by one process at a time. A process that lost the lease without
 * noticing is stopped by its fencing token. All methods reject when Redis does not answer.
 */
export class Lease {
  readonly #redis: CommandClient
  readonly #keys: RedisKeys
  readonly #ttlMs: number
  readonly #owner = randomUUID()

  /** @param ttlMs the life of the lease without a renewal, in milliseconds */
  constructor (redis: CommandClient, keys: RedisKeys, ttlMs: number) {
    this.#redis = redis
    this.#keys = keys
    this.#ttlMs = ttlMs
  }

  /**
   * Takes the lease if it is free.
   *
   * @returns a fencing token, higher than all before and at least the time in milliseconds; null when another process has the lease
   */
  async take (): Promise<number | null> {
    if (!await this.#run(TAKE)) return null
    const token = Number(await this.#redis.eval(NEXT_TOKEN, 1, this.#keys.leaseToken))
    // Another process may have taken the lease before this token was given, and then holds a lower one.
    return await this.renew() ? token : null
  }

  /** @returns whether this process still has the lease */
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
