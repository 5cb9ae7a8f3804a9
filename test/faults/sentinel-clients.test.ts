import t from 'tap'
import { createRedisConnections } from '../../services/redis/connections.ts'
import { memoryLogger } from '../helpers/memory-logger.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { startSentinels } from './support/sentinels.ts'

t.test('the primary is killed together with the Sentinel that clients ask first: every connection finds the new primary', async (t) => {
  const { settings, primary, successorOf, freeze } = await startSentinels(t)
  const addresses = settings['REDIS_SENTINELS']?.split(',').map((address) => ({ host: '127.0.0.1', port: Number(address.split(':')[1]) })) ?? []
  const connections = createRedisConnections({ kind: 'sentinel', sentinels: addresses.toReversed(), master: settings['REDIS_SENTINEL_MASTER'] ?? '', url: null }, memoryLogger())
  // So many that the news of the failover comes to some of them while they wait for an answer of the frozen Sentinel.
  const clients = [connections.command, ...Array.from({ length: 20 }, () => connections.subscriber('live'))]
  t.teardown(() => clients.forEach((client) => client.disconnect()))
  await Promise.all(clients.map((client) => client.connect()))
  const old = await primary()
  freeze(addresses.length - 1)
  await old.kill('SIGKILL')
  const successor = (await successorOf(old)).client()
  await waitUntil('every client is ready', () => clients.every(({ status }) => status === 'ready'))
  t.equal(String(await successor.client('LIST')).match(/name=runcast:/g)?.length, clients.length, 'all of them at the new primary')
})
