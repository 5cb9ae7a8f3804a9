import t, { type Test } from 'tap'
import type { RedisTarget } from '../../../services/redis/target.ts'
import type { Retention } from '../../../services/run-log/retention.ts'
import { startCluster } from '../../helpers/redis/redis-cluster.ts'
import { openRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { startRedis } from '../../helpers/redis/redis-server.ts'
import { runLogContract, type RunLogHarness } from './contract.ts'

t.test('the contract of every run log, in one Redis', async (t) => {
  const { url } = await startRedis(t)
  runLogContract(t, (t, retention) => harness(t, { kind: 'standalone', url }, retention))
})

t.test('the contract of every run log, in a Redis Cluster', async (t) => {
  const { nodes } = await startCluster(t)
  runLogContract(t, (t, retention) => harness(t, { kind: 'cluster', nodes, url: null }, retention))
})

async function harness (t: Test, target: RedisTarget, retention: Retention): Promise<RunLogHarness> {
  const { log, keys, redis } = await openRedisRunLog(t, target, { retention })
  return {
    log,
    async expireLog (runId) { await redis.del(keys.log(runId)) },
    async expireRun (runId) { await redis.del(keys.log(runId), keys.run(runId)) },
    reopen: async (retention) => (await openRedisRunLog(t, target, { retention, prefix: keys.prefix })).log
  }
}
