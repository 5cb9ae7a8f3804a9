import t from 'tap'
import { createRedisConnections } from '../../services/redis/connections.ts'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { memoryLogger } from '../helpers/memory-logger.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { startSentinels } from './support/sentinels.ts'

t.test('the news of a failover comes while clients wait for Sentinels that do not answer: every connection finds the new primary', async (t) => {
  const { settings, primary, successorOf } = await startSentinels(t)
  const answering = settings['REDIS_SENTINELS']?.split(',').map((address) => Number(address.split(':')[1])) ?? []
  // Each keeps a client waiting for a second, so that all together cover the time that a failover takes.
  const silent = await Promise.all(Array.from({ length: 7 }, () => startProxy(t, answering[0] ?? 0)))
  for (const proxy of silent) proxy.blackhole(true)
  const connections = createRedisConnections({
    kind: 'sentinel',
    sentinels: [...answering, ...silent.map(({ port }) => port)].map((port) => ({ host: '127.0.0.1', port })),
    master: settings['REDIS_SENTINEL_MASTER'] ?? '',
    url: null
  }, memoryLogger())
  const clients = [connections.command, connections.subscriber('live'), connections.subscriber('live')]
  t.teardown(() => clients.forEach((client) => client.disconnect()))
  for (const client of clients) client.connect().catch(() => {})
  await waitUntil('every client is ready', () => clients.every(({ status }) => status === 'ready'))
  const old = await primary()
  await old.kill('SIGKILL')
  const successor = (await successorOf(old)).client()
  await waitUntil('every client is at the new primary', async () =>
    String(await successor.client('LIST')).match(/name=runcast:/g)?.length === clients.length && clients.every(({ status }) => status === 'ready'))
  t.ok(await connections.command.set('key', 'value'))
})
