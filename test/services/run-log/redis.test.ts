import t from 'tap'
import { redisKeys } from '../../../services/redis-keys.ts'
import { createRedisRunLog } from '../../../services/run-log/redis/redis-run-log.ts'
import { startRedis } from '../../helpers/redis-server.ts'
import { runLogContract } from './contract.ts'

const keys = redisKeys('workflow_run_events')

t.test('the contract of every run log', async (t) => {
  runLogContract(t, async (t, retention) => {
    const redis = (await startRedis(t)).client()
    const log = createRedisRunLog({ redis, keys, retention, sharded: false })
    return {
      log,
      async expireLog (runId) { await redis.del(keys.log(runId)) },
      async expireRun (runId) { await redis.del(keys.log(runId), keys.run(runId)) }
    }
  })
})
