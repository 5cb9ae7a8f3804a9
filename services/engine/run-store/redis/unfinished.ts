import { Cluster } from 'ioredis'
import type { CommandClient } from '../../../redis/connections.ts'
import type { RedisKeys } from '../../../redis/keys.ts'
import { persist } from '../../../redis/persist.ts'

/** The approximate number of keys that one step of the search reads. */
const KEYS_PER_STEP = 1_000

/** An unfinished run, and the time of its creation (ms since 1970). */
export interface UnfinishedRun {
  readonly runId: string
  readonly createdAt: string
}

/**
 * Searches all keys for runs that are not over.
 *
 * @throws UnavailableError
 */
export async function * findUnfinished (redis: CommandClient, keys: RedisKeys): AsyncGenerator<UnfinishedRun> {
  for (const node of redis instanceof Cluster ? redis.nodes('master') : [redis]) {
    let cursor = '0'
    do {
      const [next, found] = await persist(() => node.scan(cursor, 'MATCH', keys.engineRunPattern, 'COUNT', KEYS_PER_STEP))
      cursor = next
      for (const key of found) {
        const runId = keys.engineRunOf(key)
        const [createdAt, over] = await persist(() => redis.hmget(key, 'created', 'over'))
        if (runId !== null && typeof createdAt === 'string' && over === null) yield { runId, createdAt }
      }
    } while (cursor !== '0')
  }
}
