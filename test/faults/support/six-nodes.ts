import type { Redis } from 'ioredis'
import type { Test } from 'tap'
import { NODE_TIMEOUT_MS, startCluster, type RedisCluster } from '../../helpers/redis/redis-cluster.ts'
import { freePort, startRedis, type RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** A Redis Cluster of three primaries with a replica each. */
export interface SixNodes extends RedisCluster {
  /** REDIS_CLUSTER_NODES. */
  readonly settings: Record<string, string>
  /** The replica that each of the three first primaries has. */
  readonly replicas: ReadonlyMap<RedisServer, RedisServer>
  /** The sums over all nodes that answer, by the names of Redis' INFO commandstats and errorstats. */
  counts (): Promise<ReadonlyMap<string, number>>
}

/** Starts the nodes on free ports; ended at the test's teardown. Takes about 5 s. */
export async function startSixNodes (t: Pick<Test, 'teardown'>): Promise<SixNodes> {
  const cluster = await startCluster(t)
  const replicas = new Map<RedisServer, RedisServer>()
  for (const primary of cluster.primaries) {
    const busPort = await freePort()
    const replica = await startRedis(t, {
      args: [
        '--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', String(NODE_TIMEOUT_MS),
        '--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'
      ]
    })
    replicas.set(primary, replica)
    await primary.client().call('CLUSTER', 'MEET', '127.0.0.1', replica.port, busPort)
  }
  const nodes = [...cluster.primaries, ...replicas.values()]
  const clients = new Map(nodes.map((node) => [node, node.client({ maxRetriesPerRequest: 1 })]))
  const client = (node: RedisServer): Redis => clients.get(node) ?? node.client()
  const each = async (ask: (redis: Redis) => Promise<unknown>) => (await Promise.allSettled(nodes.map((node) => ask(client(node)))))
    .flatMap((outcome) => outcome.status === 'fulfilled' ? [String(outcome.value)] : [])

  await waitUntil('all nodes know each other', async () =>
    (await each((redis) => redis.call('CLUSTER', 'INFO'))).every((info) => info.includes('cluster_known_nodes:6')))
  for (const [primary, replica] of replicas) {
    const id = await client(primary).call('CLUSTER', 'MYID')
    await client(replica).call('CLUSTER', 'REPLICATE', String(id))
  }
  await waitUntil('the replicas are up to date', async () =>
    (await Promise.all([...replicas.values()].map((replica) => client(replica).info('replication')))).every((info) => info.includes('master_link_status:up')))
  await waitUntil('all nodes know of the replicas', async () =>
    (await each((redis) => redis.call('CLUSTER', 'NODES'))).every((table) => table.split('slave').length === 4))

  return {
    ...cluster,
    settings: { REDIS_CLUSTER_NODES: nodes.map(({ port }) => `127.0.0.1:${port}`).join() },
    replicas,
    async counts () {
      const counts = new Map<string, number>()
      const infos = [...await each((redis) => redis.info('commandstats')), ...await each((redis) => redis.info('errorstats'))]
      for (const [, name = '', count] of infos.join('\n').matchAll(/^(?:cmdstat|errorstat)_([^:]+):(?:calls|count)=(\d+)/gm)) {
        counts.set(name, (counts.get(name) ?? 0) + Number(count))
      }
      return counts
    }
  }
}
