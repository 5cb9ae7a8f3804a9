import t, { type Test } from 'tap'
import { redisKeys } from '../../services/redis/keys.ts'
import { startProxy, type TcpProxy } from '../helpers/http/tcp-proxy.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { startPublisher } from './support/publisher.ts'
import { startReader, waitForCursor, type Reader } from './support/reader.ts'
import { startReplica, type Replica } from './support/replica.ts'
import { copyLog } from './support/run-log-copy.ts'

t.jobs = 3

const keys = redisKeys('workflow_run_events', 0)

for (const store of ['Redis', 'the embedded log'] as const) {
  t.test(`history is trimmed in ${store} under a reader that has paused: one gap with the exact number, then the rest`, async (t) => {
    const settings = store === 'Redis' ? { REDIS_URL: (await startRedis(t)).url } : { DATA_DIR: await temporaryDirectory(t) }
    const replica = await startReplica(t, { ...settings, RUN_MAX_EVENTS: '500' })
    const readers = [1, 2, 3].map((n) => startReader(t, streamOf(replica.url, 'run'), { name: `paused ${n}` }))
    const first = startPublisher(t, { urls: [replica.url], runId: 'run', name: 'first', events: 100 })
    await first.done
    await waitForCursor(readers, first.acknowledged.at(-1)?.id ?? '')
    for (const reader of readers) reader.pause()
    // These events are more than all buffers on the way hold.
    const then = startPublisher(t, { urls: [replica.url], runId: 'run', name: 'then', events: 4_000, batch: 50, padding: 10_000 })
    await then.done
    for (const reader of readers) reader.resume()
    await proveDelivery(t, { url: replica.url, runId: 'run', publishers: [first, then], readers })
    for (const reader of readers) {
      t.match(reader.gaps(), [{ reason: 'expired' }])
      t.equal(reader.connections, 1, 'on the same connection')
    }
  })
}

interface Away {
  readonly replica: Replica
  readonly proxy: TcpProxy
  /** Has the first five of ten events of a run, and has lost its connection. */
  readonly halfway: Reader
  /** Has all of them, and has lost its connection. */
  readonly level: Reader
  /** Ends the run. */
  finish (): Promise<void>
}

/** Starts two readers, which are away while their run goes on. */
async function setUp (t: Test, settings: Record<string, string>): Promise<Away> {
  const replica = await startReplica(t, { ...settings, END_GRACE_MS: '200', STREAM_RETRY_MS: '50' })
  const proxy = await startProxy(t, replica.port)
  const publish = async (name: string) => {
    const publisher = startPublisher(t, { urls: [replica.url], runId: 'run', name, events: 5 })
    await publisher.done
    return publisher.acknowledged.at(-1)?.id ?? ''
  }
  const url = streamOf(`http://127.0.0.1:${proxy.port}`, 'run')
  const fifth = await publish('first')
  const halfway = startReader(t, url, { name: 'halfway' })
  await waitForCursor([halfway], fifth)
  proxy.refuse(true)
  proxy.cut()
  await waitUntil('it is away', () => halfway.state === 'connecting')
  const tenth = await publish('then')
  const level = startReader(t, url, { name: 'level', lastEventId: tenth })
  return {
    replica,
    proxy,
    halfway,
    level,
    async finish () {
      const response = await fetch(`${replica.url}/api/v1/workflow-runs/run/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
        body: '{"event_type":"status_change","payload":{"status":"succeeded"}}'
      })
      if (response.status !== 201) throw new Error(await response.text())
    }
  }
}

/** Both readers know that there is nothing to come, and have stopped for good. */
async function bothHaveStopped (t: Test, { halfway, level }: Away): Promise<void> {
  await waitUntil('both have stopped', () => halfway.state === 'closed' && level.state === 'closed')
  t.equal(halfway.statuses.at(-1), 204)
  t.equal(level.statuses.at(-1), 204)
}

t.test('a run is finished while its readers are away: the rest and the end, then 204, and no more requests', async (t) => {
  const away = await setUp(t, { DATA_DIR: await temporaryDirectory(t) })
  await away.finish()
  away.proxy.refuse(false)
  await bothHaveStopped(t, away)
  const { last } = await copyLog(away.replica.url, 'run')
  t.same([away.halfway.cursor, away.level.cursor], [last, last])
  t.same(away.halfway.seen.slice(-3).map(({ kind }) => kind), ['event', 'end', 'connect'])
  t.equal(away.halfway.events().length, 11)
  t.same(away.halfway.gaps(), [])
  t.same([away.halfway.statuses, away.level.statuses], [[200, 200, 204], [200, 204]])
})

t.test('a run\'s log expires while its readers are away, its state is there: what is missing is counted, and then the end', async (t) => {
  const redis = await startRedis(t)
  const away = await setUp(t, { REDIS_URL: redis.url, RUN_TTL_S: '5' })
  await away.finish()
  const admin = redis.client()
  await waitUntil('the log has expired', async () => await admin.exists(keys.log('run')) === 0)
  t.equal(await admin.exists(keys.run('run')), 1)
  away.proxy.refuse(false)
  await bothHaveStopped(t, away)
  const { last } = await copyLog(away.replica.url, 'run')
  t.match(away.halfway.gaps(), [{ reason: 'expired', lost: 6, resumedAfter: last }])
  t.match(away.level.gaps(), [{ reason: 'expired', lost: 1, resumedAfter: last }])
  t.match(away.halfway.seen.at(-2), { kind: 'end', lastEventId: last })
})

t.test('a run expires altogether while its readers are away: the gap and the end, then 204', async (t) => {
  const redis = await startRedis(t)
  const away = await setUp(t, { REDIS_URL: redis.url, RUN_TTL_S: '5' })
  const admin = redis.client()
  await waitUntil('the log has expired', async () => await admin.exists(keys.log('run')) === 0)
  // The state expires now, as it would seven days later.
  await admin.pexpire(keys.run('run'), 1)
  await waitUntil('the state has expired', async () => await admin.exists(keys.run('run')) === 0)
  away.proxy.refuse(false)
  await bothHaveStopped(t, away)
  for (const reader of [away.halfway, away.level]) {
    t.match(reader.gaps(), [{ reason: 'expired', lost: null }])
    t.match(reader.seen.at(-2), { kind: 'end', lastEventId: reader.gaps()[0]?.resumedAfter })
  }
})
