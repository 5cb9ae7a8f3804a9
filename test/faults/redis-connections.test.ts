import t from 'tap'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher } from './support/publisher.ts'
import { startReader } from './support/reader.ts'
import { startReplica } from './support/replica.ts'

t.test('subscriber connections killed while 50 runs publish: repaired before the next event, no reader reconnects, no gap', async (t) => {
  const redis = await startRedis(t)
  const admin = redis.client()
  const replica = await startReplica(t, { REDIS_URL: redis.url })
  const runs = Array.from({ length: 50 }, (_, index) => {
    const runId = `run-${index}`
    return {
      runId,
      readers: [0, 1].map((reader) => startReader(t, streamOf(replica.url, runId), { name: `${runId}/${reader}` })),
      publisher: startPublisher(t, { urls: [replica.url], runId, pauseMs: 10 })
    }
  })
  const newest = () => Math.max(...runs.map(({ publisher }) => publisher.acknowledged.length))
  for (let kill = 1; kill <= long(10, 100); kill++) {
    const from = newest()
    await waitUntil('more is published', () => newest() >= from + 5)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  }
  for (const { runId, readers, publisher } of runs) {
    await proveDelivery(t, { url: replica.url, runId, publishers: [publisher], readers })
    t.same(readers.map((reader) => [reader.connections, reader.gaps().length]), [[1, 0], [1, 0]])
  }
  t.ok(await replica.metric('runcast_repaired_events_total') > 0, 'there was something to repair')
})

t.test('a subscriber connection that is silently dead is noticed, and repaired', async (t) => {
  const redis = await startRedis(t)
  const proxy = await startProxy(t, redis.port)
  const replica = await startReplica(t, { REDIS_URL: `redis://127.0.0.1:${proxy.port}`, POSITION_CHECK_MS: '1000' })
  const reader = startReader(t, streamOf(replica.url, 'run'))
  const publisher = startPublisher(t, { urls: [replica.url], runId: 'run', pauseMs: 20 })
  const published = () => publisher.acknowledged.length
  const admin = redis.client()
  const subscribers = async () => String(await admin.client('LIST', 'TYPE', 'PUBSUB')).split('\n')
    .filter((line) => line.includes('name=runcast:live:')).map((line) => line.split(' ')[0])
  await waitUntil('events arrive', () => reader.events().length > 10)
  for (let round = 1; round <= long(2, 10); round++) {
    const before = await subscribers()
    proxy.silence('runcast:live:')
    const from = published()
    await waitUntil('some are published that the dead connection swallows', () => published() > from + 5)
    const cursor = publisher.acknowledged.at(-1)?.id ?? ''
    await waitUntil('the reader has them', () => reader.events().some(({ id }) => id === cursor))
    await waitUntil('the connection is made anew', async () => (await subscribers()).some((id) => !before.includes(id)))
  }
  await proveDelivery(t, { url: replica.url, runId: 'run', publishers: [publisher], readers: [reader] })
  t.same([reader.connections, reader.gaps()], [1, []])
})
