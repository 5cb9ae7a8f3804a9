import t from 'tap'
import { redisKeys } from '../../services/redis/keys.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher } from './support/publisher.ts'
import { startReader } from './support/reader.ts'
import { startReplica } from './support/replica.ts'
import { startTally, type Tally } from './support/tally.ts'

const keys = redisKeys('workflow_run_events', 0)

t.test('batches of 8 MiB to 100 followed runs: Redis does not kill the subscriber connection, all is delivered', async (t) => {
  const redis = await startRedis(t)
  const admin = redis.client()
  t.match(await admin.config('GET', 'client-output-buffer-limit'), ['client-output-buffer-limit', /pubsub 33554432 8388608 60/])
  const replica = await startReplica(t, { REDIS_URL: redis.url })
  const subscribers = async () => String(await admin.client('LIST', 'TYPE', 'PUBSUB')).split('\n')
    .filter((line) => line.includes('name=runcast:live:')).map((line) => line.split(' ')[0])
  const before = await subscribers()
  const runs = Array.from({ length: 100 }, (_, index) => ({ runId: `run-${index}`, reader: startReader(t, streamOf(replica.url, `run-${index}`), { name: `${index}` }) }))
  await waitUntil('all follow', () => runs.every(({ reader }) => reader.state === 'open'))
  const lane = async () => {
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
      const { runId, reader } = run
      // 32 events of a little less than 256 KiB, as many as a request may bring.
      const publisher = startPublisher(t, { urls: [replica.url], runId, events: 32 * long(1, 5), batch: 32, padding: 261_000 })
      await publisher.done
      await proveDelivery(t, { url: replica.url, runId, publishers: [publisher], readers: [reader], timeoutMs: 60_000 })
      t.same([reader.connections, reader.gaps()], [1, []])
      reader.close()
      await admin.unlink(keys.log(runId))
    }
  }
  await Promise.all([lane(), lane(), lane()])
  t.same(await subscribers(), before, 'the same connections as before')
})

t.test('10,000 events in a loop of batches to 1,000 readers, 100 of them slow: complete for all, and the event loop stays free', async (t) => {
  const redis = await startRedis(t)
  const replica = await startReplica(t, { REDIS_URL: redis.url, STREAM_HEARTBEAT_MS: '600000' })
  const url = streamOf(replica.url, 'run')
  const tallies: Tally[] = []
  for (let index = 0; index < 1_000; index++) tallies.push(await startTally(t, url, { slow: index % 10 === 0 }))
  const reference = await startTally(t, url)
  const reader = startReader(t, url)
  await waitUntil('all follow', async () => await replica.metric('runcast_open_streams') === 1_002)
  const publisher = startPublisher(t, { urls: [replica.url], runId: 'run', events: long(10_000, 50_000), batch: 1_000, padding: 150 })
  await publisher.done
  await proveDelivery(t, { url: replica.url, runId: 'run', publishers: [publisher], readers: [reader], timeoutMs: 60_000 })
  await waitUntil('all have as much', () => tallies.every(({ bytes }) => bytes === reference.bytes))
  const lag = await replica.metric('nodejs_eventloop_lag_p99_seconds')
  t.ok(lag < 2, `p99 of the event loop's delay: ${Math.round(lag * 1_000)} ms`)
  t.ok(tallies.every(({ isOver }) => !isOver), 'nobody was dropped')
  const digest = reference.digest()
  t.equal(tallies.filter((tally) => tally.digest() === digest).length, 1_000, 'byte for byte the same for all')
})
