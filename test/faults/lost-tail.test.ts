import t, { type Test } from 'tap'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { startRedis, type RedisServer } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher } from './support/publisher.ts'
import { startReader, waitForCursor } from './support/reader.ts'
import { startReplica } from './support/replica.ts'
import { reachesReplica } from './support/replication.ts'

t.jobs = 3

const FOLLOWERS = 100

/** Starts a replica of a server, and waits until it is up to date. */
async function startReplicaOf (t: Test, primary: RedisServer): Promise<RedisServer> {
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', `${primary.port}`, '--repl-diskless-sync-delay', '0'] })
  const admin = primary.client()
  await waitUntil('the replica is up to date', async () => (await admin.info('replication')).includes('state=online'))
  return replica
}

for (const [title, lost, appended] of [['as many', 1, 1], ['more', 1, 5], ['fewer', 3, 1]] as const) {
  t.test(`the topic's last events are lost in a failover while 100 followers ride the lane, and ${title} are appended before the subscriber is back: all are told forked, after the newest common id`, async (t) => {
    const primary = await startRedis(t)
    const successor = await startReplicaOf(t, primary)
    const proxy = await startProxy(t, primary.port)
    const replica = await startReplica(t, { REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
    const readers = Array.from({ length: FOLLOWERS }, (_, index) => startReader(t, streamOf(replica.url, 'run'), { name: `${index}` }))
    const publish = async (url: string, name: string, events: number) => {
      const publisher = startPublisher(t, { urls: [url], runId: 'run', name, events })
      await publisher.done
      return { publisher, last: publisher.acknowledged.at(-1)?.id ?? '' }
    }
    const common = await publish(replica.url, 'common', long(20, 2_000))
    await waitForCursor(readers, common.last)
    await reachesReplica(primary)
    // From here on the successor lacks the newest events of the primary.
    await successor.client().replicaof('NO', 'ONE')
    const tail = await publish(replica.url, 'lost', lost)
    await waitForCursor(readers, tail.last)
    proxy.refuse(true)
    proxy.cut()
    await primary.kill('SIGKILL')
    const other = await startReplica(t, { REDIS_URL: successor.url })
    const anew = await publish(other.url, 'anew', appended)
    t.ok(readers.every(({ cursor }) => cursor === tail.last), 'nobody has heard of them yet')
    proxy.retarget(successor.port)
    proxy.refuse(false)
    await waitForCursor(readers, anew.last)
    const then = await publish(replica.url, 'then', 5)
    const publishers = [common, tail, anew, then].map(({ publisher }) => publisher)
    await proveDelivery(t, { url: other.url, runId: 'run', publishers, readers, allowances: { redisMayLose: true } })
    const gap = { kind: 'gap', reason: 'forked', requested: tail.last, resumedAfter: common.last, lost: null }
    t.equal(readers.filter((reader) => JSON.stringify(reader.gaps()) === JSON.stringify([gap])).length, FOLLOWERS, 'told once')
    t.equal(readers.filter(({ connections }) => connections === 1).length, FOLLOWERS, 'on the open stream')
  })
}
