import t from 'tap'
import { RedisPubSubManager } from '../../../services/pubsub/redis-pubsub-manager.ts'
import { createRedisConnections } from '../../../services/redis/connections.ts'
import { redisKeys } from '../../../services/redis/keys.ts'
import { startProxy } from '../../helpers/http/tcp-proxy.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'
import { startSentinel } from '../../helpers/redis/redis-sentinel.ts'
import { freePort, startRedis } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const keys = redisKeys('workflow_run_events', 0)

t.test('a URL gives password and database', async (t) => {
  const server = await startRedis(t, { args: ['--requirepass', 'p@ss'] })
  const { command } = createRedisConnections({ kind: 'standalone', url: `redis://:p%40ss@127.0.0.1:${server.port}/2` }, memoryLogger())
  t.teardown(() => command.disconnect())
  await command.connect()
  t.match(await command.client('INFO'), /name=runcast:command:\d+ .* db=2 /)
})

t.test('a command fails within about a second when Redis answers nothing, and a connection that stays silent is given up', async (t) => {
  const server = await startRedis(t)
  const proxy = await startProxy(t, server.port)
  const { command } = createRedisConnections({ kind: 'standalone', url: `redis://127.0.0.1:${proxy.port}` }, memoryLogger())
  t.teardown(() => command.disconnect())
  await command.connect()
  proxy.blackhole(true)
  const start = performance.now()
  await t.rejects(command.set('a', '1'))
  t.ok(performance.now() - start < 20_000)
  await waitUntil('it is given up', () => command.status !== 'ready')
  await t.rejects(command.set('a', '2'), 'now at once')
  proxy.blackhole(false)
  await waitUntil('it is connected', () => command.status === 'ready')
  t.equal(await command.get('a'), null, 'a failed command is not sent later')
})

t.test('a connection that is made anew for each attempt is logged like one that comes back by itself', async (t) => {
  const logger = memoryLogger()
  const { subscriber } = createRedisConnections({ kind: 'standalone', url: `redis://127.0.0.1:${await freePort()}` }, logger)
  for (let attempt = 0; attempt < 3; attempt++) await t.rejects(subscriber('ingest', { once: true }).connect())
  t.match(logger.lines, [{ message: 'Redis connection error', fields: { connection: 'ingest' } }])
})

t.test('commands and live channels follow the Sentinels to a new master, also when the old one was only frozen', async (t) => {
  const { master, replica, sentinel } = await startSentinel(t)
  const logger = memoryLogger()
  const connections = createRedisConnections({ kind: 'sentinel', sentinels: [sentinel], master: 'main', url: null }, logger)
  const { command } = connections
  await command.connect()
  const manager = new RedisPubSubManager({ connections, keys, probeIntervalMs: 200, logger })
  t.teardown(async () => {
    await manager.close()
    command.disconnect()
  })
  const restored: string[] = []
  manager.onRestored((runIds) => restored.push(...runIds))
  let heard = 0
  await manager.subscribe('a', () => heard++)
  await command.set('before', '1')

  await master.kill('SIGSTOP')
  await waitUntil('the replica is the master', async () => String(await replica.client().info('replication')).includes('role:master'))
  await waitUntil('commands go there', async () => await command.set('after', '1').then(() => true, () => false))
  t.equal(await replica.client().get('after'), '1')
  await waitUntil('the run is restored', () => restored.includes('a'))
  t.equal(await command.publish(keys.live('a'), '{"prev":"0-0","last":"1-1","n":1}'), 1)
  await waitUntil('the message has come', () => heard === 1)
  t.ok(logger.lines.length < 10, `${logger.lines.length} lines logged`)
})
