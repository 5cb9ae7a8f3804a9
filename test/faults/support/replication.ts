import type { RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** Resolves when a replica has everything that was written to its primary until now. */
export async function reachesReplica (primary: RedisServer): Promise<void> {
  const client = primary.client()
  // WAIT only covers writes of its own connection.
  await client.set('the-newest-write', '')
  await waitUntil('the replica has all', async () => await client.wait(1, 1_000) > 0)
}
