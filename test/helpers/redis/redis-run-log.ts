import type { Test } from 'tap'
import { createRedisConnections, type CommandClient } from '../../../services/redis/connections.ts'
import { redisKeys, type RedisKeys } from '../../../services/redis/keys.ts'
import type { RedisTarget } from '../../../services/redis/target.ts'
import { createRedisRunLog } from '../../../services/run-log/redis/redis-run-log.ts'
import type { Retention } from '../../../services/run-log/retention.ts'
import type { RunLog } from '../../../services/run-log/run-log.ts'
import { memoryLogger } from '../memory-logger.ts'

/** A run log in a Redis of the test, and the connection that it uses. */
export interface OpenRedisRunLog {
  readonly log: RunLog
  readonly keys: RedisKeys
  readonly redis: CommandClient
}

let opened = 0

/**
 * Opens a run log with the connections of production, under a channel prefix of its own unless one is given.
 * Closed at the test's teardown.
 */
export async function openRedisRunLog (
  t: Pick<Test, 'teardown'>, target: RedisTarget, { retention, prefix }: { retention?: Partial<Retention>, prefix?: string } = {}
): Promise<OpenRedisRunLog> {
  const { command: redis, sharded } = createRedisConnections(target, memoryLogger())
  await redis.connect()
  const keys = redisKeys(prefix ?? `test_${++opened}`, 0)
  const log = createRedisRunLog({
    redis, keys, sharded, retention: { maxEvents: 100_000, maxBytes: 67_108_864, ttlSeconds: 3_600, ...retention }
  })
  t.teardown(async () => {
    await log.close()
    redis.disconnect()
  })
  return { log, keys, redis }
}
