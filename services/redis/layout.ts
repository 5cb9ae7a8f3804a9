import type { CommandClient } from './connections.ts'
import type { RedisKeys } from './keys.ts'
import { persist, redisFault } from './persist.ts'

/** The version of the names and contents of all keys. Services of one layout share a Redis, whatever their own version. */
const LAYOUT = '1'

/** Another version of the service has laid out its data in this Redis in another way. */
export class LayoutError extends Error {
  constructor (key: string, found: string) {
    super(`${key} in Redis says layout ${found.slice(0, 100)}, and this version works with layout ${LAYOUT} only. Use the version that wrote it, or another database or CHANNEL_PREFIX.`)
    this.name = 'LayoutError'
  }
}

/**
 * Compares the layout of Redis with the service's own, and writes it where there is none.
 *
 * @throws LayoutError when it is another one, StoreCorruptError when it is unreadable; UnavailableError, RedisFullError
 */
export async function checkLayout (redis: CommandClient, { layout: key }: RedisKeys): Promise<void> {
  // Reading it first needs neither memory nor the right to write.
  const found = await persist(() => redis.get(key)) ?? await write(redis, key)
  if (found !== LAYOUT) throw new LayoutError(key, found)
}

/** Writes the layout, unless another service has. It is tried once: a refused write ends the connection for everybody. */
async function write (redis: CommandClient, key: string): Promise<string> {
  try {
    return await redis.set(key, LAYOUT, 'NX', 'GET') ?? LAYOUT
  } catch (error) {
    throw redisFault(error)
  }
}
