import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { end, launchServer, onFreePort, startRedis, type RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** One primary with its replicas, watched by three Sentinels. */
export interface Sentinels {
  /** REDIS_SENTINELS and REDIS_SENTINEL_MASTER. */
  readonly settings: Record<string, string>
  readonly servers: readonly RedisServer[]
  /** The server that the Sentinels name as the primary now. */
  primary (): Promise<RedisServer>
  /** Waits until another server than this one is the primary. */
  successorOf (server: RedisServer): Promise<RedisServer>
  /** Waits until the primary has so many replicas that are up to date, and every Sentinel knows of them. */
  settle (replicas: number): Promise<void>
}

const NAME = 'runcast'

/** A Sentinel that was held up for 2 s trusts nothing that it knows, and does nothing, for 30 s. */
const PATIENCE_MS = 120_000

/** After so long without an answer a Sentinel takes a server for down, in milliseconds. */
const DOWN_AFTER_MS = 2_000

/**
 * Starts a primary, its replicas and three Sentinels on free ports; ended at the test's teardown.
 *
 * @param options.env more variables of the environment of a server, by its number, the primary's being 0
 */
export async function startSentinels (
  t: Pick<Test, 'teardown'>, { replicas = 1, env = () => ({}) }: { replicas?: number, env?: (server: number) => Record<string, string> } = {}
): Promise<Sentinels> {
  const servers: RedisServer[] = []
  for (let index = 0; index <= replicas; index++) {
    const follow = servers[0] === undefined ? [] : ['--replicaof', '127.0.0.1', `${servers[0].port}`]
    servers.push(await startRedis(t, { args: [...follow, '--repl-diskless-sync-delay', '0'], env: env(index) }))
  }
  const ports: number[] = []
  for (let index = 0; index < 3; index++) ports.push(await startSentinel(t, servers[0]?.port ?? 0))
  const clients = ports.map((port) => {
    const client = new Redis({ port, lazyConnect: false })
    client.on('error', () => {})
    t.teardown(() => client.disconnect())
    return client
  })

  const primary = async (): Promise<RedisServer> => {
    const address = await clients[0]?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)
    const server = servers.find(({ port }) => Array.isArray(address) && Number(address[1]) === port)
    if (server === undefined) throw new Error(`the Sentinels name ${String(address)} as the primary`)
    return server
  }
  const sentinels: Sentinels = {
    settings: { REDIS_SENTINELS: ports.map((port) => `127.0.0.1:${port}`).join(), REDIS_SENTINEL_MASTER: NAME },
    servers,
    primary,
    async successorOf (server) {
      await waitUntil('another server is the primary', async () => await primary() !== server, PATIENCE_MS)
      const successor = await primary()
      await waitUntil('it says so', async () => (await successor.client().role())[0] === 'master', PATIENCE_MS)
      return successor
    },
    async settle (count) {
      const info = (await primary()).client()
      await waitUntil('the replicas are up to date', async () => {
        const lines = (await info.info('replication')).split('\r\n')
        return lines.filter((line) => /^slave\d+:.*state=online/.test(line)).length === count
      }, PATIENCE_MS)
      await waitUntil('all Sentinels know', async () => {
        const known = await Promise.all(clients.map((client) => client.info('sentinel')))
        return known.every((text) => ['sentinel_tilt:0', 'status=ok,', `slaves=${servers.length - 1},sentinels=3`].every((part) => text.includes(part)))
      }, PATIENCE_MS)
    }
  }
  await sentinels.settle(replicas)
  return sentinels
}

/** @returns the port of a Sentinel that watches a primary */
async function startSentinel (t: Pick<Test, 'teardown'>, primaryPort: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'runcast-sentinel-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'sentinel.conf')
  const { port, child } = await onFreePort(async (port) => {
    await writeFile(file, [
      `port ${port}`, 'bind 127.0.0.1', `dir ${dir}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 4000`, ''
    ].join('\n'))
    return await launchServer([file, '--sentinel'])
  })
  t.teardown(() => end(child, 'SIGKILL'))
  return port
}
