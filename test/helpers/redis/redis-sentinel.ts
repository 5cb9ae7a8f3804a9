import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { HostPort } from '../../../services/redis/target.ts'
import { waitUntil } from '../wait-until.ts'
import { end, launchServer, onFreePort, startRedis, type RedisServer } from './redis-server.ts'

/** A master, its replica and a Sentinel that watches them under the name `main`. */
export interface RedisSentinel {
  readonly master: RedisServer
  readonly replica: RedisServer
  readonly sentinel: HostPort
}

/** Starts a master, a replica and a Sentinel that replaces a master after half a second; ended at the test's teardown. */
export async function startSentinel (t: Pick<Test, 'teardown'>): Promise<RedisSentinel> {
  const master = await startRedis(t)
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', `${master.port}`, '--repl-diskless-sync-delay', '0'] })
  await waitUntil('the replica follows', async () => String(await master.client().info('replication')).includes('state=online'))

  const dir = await mkdtemp(join(tmpdir(), 'runcast-sentinel-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'sentinel.conf')
  const { port, child } = await onFreePort(async (port) => {
    await writeFile(file, [
      `port ${port}`, 'bind 127.0.0.1', `dir ${dir}`,
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 2000',
      'sentinel failover-timeout main 3000', ''
    ].join('\n'))
    return await launchServer([file, '--sentinel'])
  })
  t.teardown(() => end(child, 'SIGKILL'))
  return { master, replica, sentinel: { host: '127.0.0.1', port } }
}
