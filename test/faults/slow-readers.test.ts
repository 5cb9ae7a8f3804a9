import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher } from './support/publisher.ts'
import { startReader, waitForCursor } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'

const MEBIBYTE = 1_048_576

/** Pages are kept for others for so long, in milliseconds. */
const KEEP_MS = 5_000

t.test('readers stop reading until 200 MB have passed, then go on: bounded memory, and everything retained or one counted gap', async (t) => {
  const redis = await startRedis(t)
  const replica = await startReplica(t, { REDIS_URL: redis.url })
  const url = streamOf(replica.url, 'run')
  const fast = startReader(t, url, { name: 'fast' })
  const slow = [1, 2].map((n) => startReader(t, url, { name: `slow ${n}` }))
  const pass = async (name: string, events: number) => {
    const publisher = startPublisher(t, { urls: [replica.url], runId: 'run', name, events, batch: 10, padding: 100_000 })
    await publisher.done
    await waitForCursor([fast], publisher.acknowledged.at(-1)?.id ?? '')
    return publisher
  }
  // Memory used for passing events on to readers that do read is not caused by slow readers.
  const first = await pass('first', 1_000)
  await waitForCursor(slow, fast.cursor)
  const before = await held(replica)
  for (const reader of slow) reader.pause()
  const second = await pass('second', long(2_000, 20_000))
  const after = await held(replica)
  t.ok(after.live - before.live < 32 * MEBIBYTE, `${Math.round((after.live - before.live) / MEBIBYTE)} MiB more are in use`)
  t.ok(after.peak - before.peak < 128 * MEBIBYTE, `${Math.round((after.peak - before.peak) / MEBIBYTE)} MiB more at the highest`)
  for (const reader of slow) reader.resume()
  await proveDelivery(t, { url: replica.url, runId: 'run', publishers: [first, second], readers: [fast, ...slow] })
  t.equal(fast.gaps().length, 0)
  for (const reader of slow) {
    t.match(reader.gaps().map(({ reason }) => reason), ['expired'])
    t.equal(reader.connections, 1, 'it was not dropped')
  }
})

/** The bytes that a process has in use once nothing is under way, and the most that it ever took. */
async function held (replica: Replica): Promise<{ readonly live: number, readonly peak: number }> {
  const peak = replica.peakMemory()
  await delay(KEEP_MS + 500)
  const { heapUsed, external } = await replica.memory()
  return { live: heapUsed + external, peak }
}
