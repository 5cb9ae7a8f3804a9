import t from 'tap'
import { seededRandom, testSeed } from '../../helpers/random.ts'
import { openRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { startRedis } from '../../helpers/redis/redis-server.ts'
import { RunModel } from './model/run-model.ts'

const RUNS = 60
const STEPS = 40

const seed = testSeed()

t.test(`whatever happens to a run, no follower misses or repeats an event unsaid, and no id names two (SEED=${seed})`, async (t) => {
  const retention = { maxEvents: 12, maxBytes: 1_500 }
  const servers = await Promise.all([startRedis(t), startRedis(t)])
  const logs = await Promise.all(servers.map(({ url }) => openRedisRunLog(t, { kind: 'standalone', url }, { retention, prefix: 'model' })))
  const done = new Map<string, number>()
  await Promise.all(Array.from({ length: RUNS }, async (_, index) => {
    const model = new RunModel(`run-${index}`, logs, retention, seededRandom(seed + index))
    for (let step = 0; step < STEPS; step++) {
      const action = await model.step()
      done.set(action, (done.get(action) ?? 0) + 1)
    }
    await model.finish()
  }))
  t.comment([...done].map(([action, times]) => `${action}: ${times}`).join(', '))
  t.equal(done.size, RunModel.actions, 'everything that can happen did')
})
