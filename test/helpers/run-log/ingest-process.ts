import { createIngest, type Ingest } from '../../../services/ingest/ingest.ts'
import type { Logger } from '../../../services/logging/logger.ts'
import { createRedisConnections, type RedisConnections } from '../../../services/redis/connections.ts'
import { redisKeys } from '../../../services/redis/keys.ts'
import type { RedisTarget } from '../../../services/redis/target.ts'
import { createRedisRunLog } from '../../../services/run-log/redis/redis-run-log.ts'
import type { RunLog } from '../../../services/run-log/run-log.ts'

export const keys = redisKeys('workflow_run_events', 0)

const TTL_SECONDS = 3_600

/** Makes an ingest with its own connections and run log, as one process of the service has it. */
export function makeIngest (target: RedisTarget, logger: Logger, leaseMs: number): { ingest: Ingest, connections: RedisConnections, runLog: RunLog } {
  const connections = createRedisConnections(target, logger)
  const { command: redis, sharded } = connections
  const runLog = createRedisRunLog({ redis, keys, sharded, retention: { maxEvents: 1_000_000, maxBytes: 1_000_000_000, ttlSeconds: TTL_SECONDS } })
  const ingest = createIngest({
    connections,
    keys,
    runLog,
    limits: { maxEventBytes: 1_024, terminalStatuses: new Map([['succeeded', 'succeeded']]) },
    ttlSeconds: TTL_SECONDS,
    graceMs: 2_000,
    logger,
    leaseMs
  })
  redis.connect().catch(() => { /* It keeps trying. */ })
  return { ingest, connections, runLog }
}
