import { hash, randomUUID } from 'node:crypto'
import type { Checkpoint, Creation, RunRecord } from '@runcast/engine'
import { FencedError } from '@runcast/engine/run-store'
import { StoreCorruptError } from '../../../problems/storage-errors.ts'
import type { CommandClient } from '../../../redis/connections.ts'
import type { RedisKeys } from '../../../redis/keys.ts'
import { persist } from '../../../redis/persist.ts'
import { list, texts } from '../../../redis/replies.ts'
import { Script } from '../../../redis/script.ts'
import type { ServiceRunStore } from '../service-run-store.ts'
import { findUnfinished } from './unfinished.ts'

/** The most bytes of one page of checkpoints, unless a single checkpoint is larger. */
const MAX_PAGE_BYTES = 4_194_304

/** The time that an idempotency key is kept before the end of its run, in seconds. */
const LONGEST_RUN_S = 604_800

const createScript = new Script(import.meta.url, 'create.lua')
const claimScript = new Script(import.meta.url, 'claim.lua')
const attemptScript = new Script(import.meta.url, 'attempt.lua')
const cancelScript = new Script(import.meta.url, 'cancel.lua')
const checkpointsScript = new Script(import.meta.url, 'checkpoints.lua')

export interface RedisRunStoreOptions {
  /** Sends commands. The caller connects and closes it. */
  readonly redis: CommandClient
  readonly keys: RedisKeys
  /** The time that a run is kept after its end, in seconds. */
  readonly ttlSeconds: number
}

/**
 * Keeps the engine's runs in Redis, in the hash slots of their logs. The index of unfinished runs is in another slot and
 * may fall behind: each claim and renewal repairs its entry, and each store checks the index against all runs once.
 */
export function createRedisRunStore ({ redis, keys, ttlSeconds }: RedisRunStoreOptions): ServiceRunStore {
  let isIndexChecked = false

  async function index (runId: string, createdAt: unknown): Promise<void> {
    await persist(() => redis.zadd(keys.unfinished, 'NX', String(createdAt), runId))
  }

  async function unindex (runId: string): Promise<void> {
    await persist(() => redis.zrem(keys.unfinished, runId))
  }

  function keyOf ({ tenant, idempotencyKey }: RunRecord): string | null {
    return idempotencyKey === null ? null : keys.engineKey(tenant, hash('sha256', idempotencyKey, 'base64url'))
  }

  async function tryCreate (record: RunRecord): Promise<Creation> {
    const args = [randomUUID(), JSON.stringify(record), String(record.createdAt)]
    const [isNew, isUnfinished, createdAt] = list(await persist(() => createScript.run(redis, [keys.engine(record.runId).run], args)))
    if (isUnfinished === 1) await index(record.runId, createdAt)
    return isNew === 1 ? 'created' : 'exists'
  }

  /** @returns the reply of attempt.lua */
  async function during (runId: string, token: number, ...args: string[]): Promise<unknown> {
    const { run, names, checkpoints } = keys.engine(runId)
    return persist(() => attemptScript.run(redis, [run, names, checkpoints], [String(token), ...args]))
  }

  async function fenced (runId: string, token: number, ...args: string[]): Promise<unknown[]> {
    const reply = await during(runId, token, ...args)
    if (reply === null) throw new FencedError('Another attempt has this run.')
    return list(reply)
  }

  return {
    async open () {},

    async create (record) {
      const key = keyOf(record)
      const named = key === null ? null : await persist(() => redis.set(key, record.runId, 'EX', ttlSeconds + LONGEST_RUN_S, 'NX', 'GET'))
      if (named !== null && named !== record.runId) return 'key_taken'
      const creation = await tryCreate(record)
      // The key is new, so the existing run was started without it.
      if (creation === 'exists' && key !== null && named === null) await persist(() => redis.del(key))
      return creation
    },

    async read (runId) {
      const [record, over, cancelled] = await persist(() => redis.hmget(keys.engine(runId).run, 'record', 'over', 'cancelled'))
      if (typeof record !== 'string') return null
      return { ...parsed<RunRecord>(record), isOver: over === '1', isCancelled: cancelled === '1' }
    },

    async claim (runId, holder, leaseMs) {
      const [word, token, createdAt] = texts(await persist(() => claimScript.run(redis, [keys.engine(runId).run], [holder, String(leaseMs)])))
      if (word === 'claimed') await index(runId, createdAt)
      if (word === 'gone') await unindex(runId)
      return word === 'claimed' ? Number(token) : null
    },

    async renew (runId, token, leaseMs) {
      const [createdAt, isCancelled] = await fenced(runId, token, 'renew', String(leaseMs))
      await index(runId, createdAt)
      return isCancelled === 1
    },

    async save (runId, token, checkpoints) {
      await fenced(runId, token, 'save', ...checkpoints.flatMap((checkpoint) => [checkpoint.key, JSON.stringify(checkpoint)]))
    },

    async checkpoints (runId) {
      const found: Checkpoint[] = []
      for (;;) {
        const args = [String(found.length), String(MAX_PAGE_BYTES)]
        const page = texts(await persist(() => checkpointsScript.run(redis, [keys.engine(runId).checkpoints], args)))
        if (page.length === 0) return found
        found.push(...page.map((text) => parsed<Checkpoint>(text)))
      }
    },

    async finish (runId, token) {
      await fenced(runId, token, 'finish', String(ttlSeconds))
      await unindex(runId)
      const record = await persist(() => redis.hget(keys.engine(runId).run, 'record'))
      const key = record === null ? null : keyOf(parsed<RunRecord>(record))
      if (key !== null) await persist(() => redis.expire(key, ttlSeconds))
    },

    async cancel (runId) {
      return await persist(() => cancelScript.run(redis, [keys.engine(runId).run], [])) === 1
    },

    async release (runId, token) {
      await during(runId, token, 'release')
    },

    async unfinished () {
      if (!isIndexChecked) {
        for await (const { runId, createdAt } of findUnfinished(redis, keys)) await index(runId, createdAt)
        isIndexChecked = true
      }
      return await persist(() => redis.zrange(keys.unfinished, '0', '-1'))
    },

    async close () {}
  }
}

/** Parses a record or checkpoint that this store has written. */
function parsed<Value> (text: string): Value {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new StoreCorruptError('Redis holds a value that the engine did not write.', { cause: error })
  }
}
