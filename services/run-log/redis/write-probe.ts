import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis/keys.ts'
import { logScript } from './log-script.ts'

/** No run has this id, since ids begin with a letter or a digit. */
const NO_RUN = '-'

const script = logScript('write-probe.lua')

/**
 * Writes to Redis as an append does, under keys that no run has, and takes it back in the same step. The keys that all
 * runs share are only named to a script, which Redis refuses when it does not permit them.
 *
 * @throws Error of the client, with the reply of Redis
 */
export async function probeWrites (redis: CommandClient, keys: RedisKeys, sharded: boolean): Promise<void> {
  const engine = keys.engine(NO_RUN)
  const ofRun = [
    keys.log(NO_RUN), keys.run(NO_RUN), keys.fence(NO_RUN), keys.append(NO_RUN, NO_RUN), keys.idempotency(NO_RUN, NO_RUN),
    keys.event(NO_RUN, NO_RUN), engine.run, engine.names, engine.checkpoints
  ]
  // One call for each: in a Cluster they lie in different slots.
  const shared = [keys.index(''), keys.indexLife(''), keys.unfinished, keys.lease, keys.leaseToken, keys.heard, keys.layout]
  await Promise.all([
    script.run(redis, ofRun, [sharded ? 'SPUBLISH' : 'PUBLISH', keys.live(NO_RUN)]),
    ...shared.map((key) => redis.eval('return 1', 1, key))
  ])
}
