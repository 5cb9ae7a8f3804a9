import type { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { HostPort } from '../../../services/redis/target.ts'
import { waitUntil } from '../wait-until.ts'
import { freePort, startRedis, type RedisServer } from './redis-server.ts'

/** A small real Redis Cluster that one test owns. */
export interface RedisCluster {
  readonly primaries: readonly RedisServer[]
  /** The addresses, for REDIS_CLUSTER_NODES. */
  readonly nodes: readonly HostPort[]
  /** The primary that has a slot at the moment. */
  ownerOf (slot: number): Promise<RedisServer>
  /** Moves a slot and its keys to another primary. */
  migrate (slot: number, to: RedisServer): Promise<void>
  /** Waits until every primary says that the cluster works. */
  settle (): Promise<void>
}

const SLOTS = 16_384

/** After so long without an answer nodes take one of them for failed, in milliseconds. */
export const NODE_TIMEOUT_MS = 3_000

/** Starts a cluster of primaries without replicas on free ports; ended at the test's teardown. Takes 2 to 3 s. */
export async function startCluster (t: Pick<Test, 'teardown'>, size = 3): Promise<RedisCluster> {
  const busPorts = await Promise.all(Array.from({ length: size }, () => freePort()))
  const primaries = await Promise.all(busPorts.map((busPort) => startRedis(t, {
    args: ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--cluster-require-full-coverage', 'no']
  })))
  const clients = new Map(primaries.map((primary) => [primary, primary.client()]))
  const on = async (primary: RedisServer, ...args: Array<string | number>) => String(await client(primary).call('cluster', ...args))
  const client = (primary: RedisServer): Redis => clients.get(primary) ?? primary.client()

  for (const [index, primary] of primaries.entries()) {
    await on(primary, 'SET-CONFIG-EPOCH', index + 1)
    await on(primary, 'ADDSLOTSRANGE', Math.ceil(index * SLOTS / size), Math.ceil((index + 1) * SLOTS / size) - 1)
  }
  // Nodes meet only now, since a node that knows another one takes no epoch any more.
  for (const primary of primaries) {
    for (const [other, { port }] of primaries.entries()) await on(primary, 'MEET', '127.0.0.1', port, busPorts[other] ?? 0)
  }

  const cluster: RedisCluster = {
    primaries,
    nodes: primaries.map(({ port }) => ({ host: '127.0.0.1', port })),
    async ownerOf (slot) {
      for (const primary of primaries) {
        const own = (await on(primary, 'NODES')).split('\n').find((line) => line.includes('myself')) ?? ''
        const ranges = own.split(' ').slice(8).filter((range) => !range.startsWith('[')).map((range) => range.split('-').map(Number))
        if (ranges.some(([first = -1, last = first]) => slot >= first && slot <= last)) return primary
      }
      throw new Error(`no primary has slot ${slot}`)
    },
    async migrate (slot, to) {
      const from = await cluster.ownerOf(slot)
      const [fromId, toId] = [await on(from, 'MYID'), await on(to, 'MYID')]
      await on(to, 'SETSLOT', slot, 'IMPORTING', fromId)
      await on(from, 'SETSLOT', slot, 'MIGRATING', toId)
      const keys = await client(from).cluster('GETKEYSINSLOT', slot, 10_000)
      if (keys.length > 0) await client(from).migrate('127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys.map(String))
      for (const primary of [to, from]) await on(primary, 'SETSLOT', slot, 'NODE', toId)
    },
    async settle () {
      await waitUntil('the cluster works', async () => {
        const infos = await Promise.all(primaries.map((primary) => on(primary, 'INFO')))
        return infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`) && info.includes(`cluster_slots_ok:${SLOTS}`))
      })
    }
  }
  await cluster.settle()
  return cluster
}
