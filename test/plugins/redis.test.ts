import { Writable } from 'node:stream'
import fastifyRedis from '@fastify/redis'
import Fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import config from '../../plugins/app/config.ts'
import redis from '../../plugins/external/redis.ts'
import { loadConfig } from '../../services/config.ts'
import { freePort, startRedis } from '../helpers/redis/redis-server.ts'
import { waitUntil } from '../helpers/wait-until.ts'

async function build (t: Test, settings: Record<string, string>): Promise<{ fastify: FastifyInstance, log: string[] }> {
  const log: string[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { log.push(String(chunk)); done() } })
  const fastify = Fastify({ logger: { level: 'warn', stream } })
  t.teardown(() => fastify.close())
  await fastify.register(config, { config: loadConfig(settings) })
  await fastify.register(redis)
  await fastify.ready()
  return { fastify, log }
}

t.test('without a Redis in the settings there are no connections', async (t) => {
  const { fastify } = await build(t, {})
  t.equal(fastify.redisConnections, null)
  t.notOk(fastify.hasDecorator('redis'))
})

t.test('the command client is fastify.redis', async (t) => {
  const server = await startRedis(t)
  const { fastify } = await build(t, { REDIS_URL: server.url })
  t.equal(fastify.redis, fastify.redisConnections?.command)
  await waitUntil('the client is connected', () => fastify.redis.status === 'ready')
  t.equal(await fastify.redis.ping(), 'PONG')
})

t.test('the service starts while Redis is away, logs that once, and connects when it comes', async (t) => {
  const server = await startRedis(t)
  await server.stop()
  const { fastify, log } = await build(t, { REDIS_URL: server.url })
  let attempts = 0
  fastify.redis.on('reconnecting', () => attempts++)
  await waitUntil('it has tried again and again', () => attempts >= 3)
  t.equal(log.length, 1, 'one line for all attempts')
  t.match(JSON.parse(log[0] ?? ''), { connection: 'command', msg: 'Redis connection error' })
  await t.rejects(fastify.redis.ping(), 'a command fails at once')
  await server.start()
  await waitUntil('it is connected', () => fastify.redis.status === 'ready')
})

t.test('a Redis that answers nothing does not hold up the end', async (t) => {
  const server = await startRedis(t)
  const { fastify } = await build(t, { REDIS_URL: server.url })
  await waitUntil('the client is connected', () => fastify.redis.status === 'ready')
  await server.kill('SIGSTOP')
  const start = performance.now()
  await fastify.close()
  t.ok(performance.now() - start < 20_000)
  await waitUntil('the client has ended', () => fastify.redis.status === 'end')
})

t.test('a Redis that never came does not hold up the end', async (t) => {
  const { fastify } = await build(t, { REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  await fastify.close()
  // Between two attempts ioredis forgets the next one, but goes on calling itself reconnecting.
  t.match(fastify.redis.status, /^(end|reconnecting)$/)
})

t.test('@fastify/redis still takes a client whose status is ready as connected, and waits for any other', async (t) => {
  const client = new Redis({ port: await freePort(), lazyConnect: true, enableOfflineQueue: false })
  t.teardown(() => client.disconnect())
  const startWith = async (status: Redis['status']) => {
    client.status = status
    const fastify = Fastify({ pluginTimeout: 200 })
    t.teardown(() => fastify.close())
    fastify.register(fastifyRedis, { client })
    await fastify.ready()
    return fastify.redis
  }
  t.equal(await startWith('ready'), client)
  t.same(client.eventNames(), [], 'it does not listen to the client')
  await t.rejects(startWith('wait'), { code: 'FST_ERR_PLUGIN_TIMEOUT' })
})

t.test('ioredis still connects a client whose status was ready for a while', async (t) => {
  const { port } = await startRedis(t)
  const client = new Redis({ port, lazyConnect: true })
  t.teardown(() => client.disconnect())
  const { status } = client
  client.status = 'ready'
  client.status = status
  await client.connect()
  t.equal(await client.ping(), 'PONG')
})
