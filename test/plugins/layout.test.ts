import Fastify from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import t, { type Test } from 'tap'
import config from '../../plugins/app/config.ts'
import redis from '../../plugins/external/redis.ts'
import { loadConfig } from '../../services/config.ts'
import { startCluster } from '../helpers/redis/redis-cluster.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { startSentinel } from '../helpers/redis/redis-sentinel.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const OTHER = /^workflow_runs:layout in Redis says layout 2, and this version works with layout 1 only\. Use .*\.$/

async function start (t: Test, settings: Record<string, string>): Promise<{ closed: () => boolean, log: () => string, client: Redis | Cluster }> {
  const logged: string[] = []
  let closed = false
  const fastify = Fastify({ logger: { level: 'fatal', stream: { write: (line: string) => { logged.push(line) } } } })
  t.teardown(() => fastify.close())
  fastify.addHook('onClose', async () => { closed = true })
  await fastify.register(config, { config: loadConfig(settings) })
  await fastify.register(redis)
  await fastify.ready()
  return { closed: () => closed, log: () => logged.join(''), client: fastify.redis }
}

t.test('the layout is written once, by services that start at once, apart for each prefix and database', async (t) => {
  const server = await startRedis(t)
  await Promise.all(Array.from({ length: 5 }, () => start(t, { REDIS_URL: server.url })))
  await start(t, { REDIS_URL: server.url, CHANNEL_PREFIX: 'other' })
  await start(t, { REDIS_URL: `${server.url}/1` })
  t.strictSame((await server.client().keys('*')).toSorted(), ['other:workflow_runs:layout', 'workflow_runs:layout'])
  t.equal(await server.client().get('workflow_runs:layout'), '1')
  t.equal(await server.client({ db: 1 }).get('workflow_runs:layout'), '1')
})

t.test('a service that meets another layout refuses to start', async (t) => {
  const server = await startRedis(t)
  await server.client().set('workflow_runs:layout', '2')
  await t.rejects(start(t, { REDIS_URL: server.url }), { message: OTHER })
  t.equal(await server.client().get('workflow_runs:layout'), '2')
  await server.client().del('workflow_runs:layout')
  await server.client().lpush('workflow_runs:layout', '1')
  await t.rejects(start(t, { REDIS_URL: server.url }), { code: 'store_corrupt' })
})

t.test('a service that started without Redis stops when it meets another layout', async (t) => {
  const exitCode = process.exitCode
  t.teardown(() => { process.exitCode = exitCode })
  const server = await startRedis(t, { args: ['--appendonly', 'yes'] })
  await server.client().set('workflow_runs:layout', '2')
  await server.stop()
  const service = await start(t, { REDIS_URL: server.url })
  t.equal(service.closed(), false)
  await server.start()
  await waitUntil('it has stopped', service.closed)
  t.match(service.log(), 'says layout 2')
  t.equal(process.exitCode, 1)
})

t.test('a replica without a layout is asked with pauses, though each refused write ends the connection', async (t) => {
  const primary = await startRedis(t)
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', `${primary.port}`, '--repl-diskless-sync-delay', '0'] })
  const admin = replica.client()
  await waitUntil('it follows', async () => /master_link_status:up/.test(await admin.info('replication')))
  const service = await start(t, { REDIS_URL: replica.url })
  const accepted = async () => Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1])
  const before = await accepted()
  t.equal(service.closed(), false)
  await admin.replicaof('NO', 'ONE')
  await waitUntil('it has written the layout', async () => await admin.get('workflow_runs:layout') === '1')
  t.ok(await accepted() - before < 10, 'it has hardly reconnected')
})

t.test('Sentinel and Cluster have a layout too', async (t) => {
  const { sentinel, master } = await startSentinel(t)
  await start(t, { REDIS_SENTINELS: `${sentinel.host}:${sentinel.port}`, REDIS_SENTINEL_MASTER: 'main', REDIS_URL: 'redis://any/1' })
  t.equal(await master.client({ db: 1 }).get('workflow_runs:layout'), '1')
  const cluster = await startCluster(t)
  const nodes = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const { client } = await start(t, { REDIS_CLUSTER_NODES: nodes })
  await client.set('workflow_runs:layout', '2')
  await t.rejects(start(t, { REDIS_CLUSTER_NODES: nodes }), { message: OTHER })
})
