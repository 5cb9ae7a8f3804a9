import { msOf, ORIGIN } from '@runcast/protocol'
import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis/keys.ts'
import { persist, redisFault, within } from '../../redis/persist.ts'
import { list } from '../../redis/replies.ts'
import type { Script } from '../../redis/script.ts'
import { judge } from '../resume.ts'
import { HEARD_NEWS_MS, STATE_EXTRA_TTL_SECONDS, type Retention } from '../retention.ts'
import type { From, RunLog } from '../run-log.ts'
import { Appends } from './appends.ts'
import { listRuns } from './list-runs.ts'
import { logScript } from './log-script.ts'
import { appendResultOf, eventOf, pageOf, runStateOf } from './replies.ts'
import { RunIndex } from './run-index.ts'
import { SignsOfLife } from './signs-of-life.ts'
import { probeWrites } from './write-probe.ts'

/** The most that a page holds, in bytes of types and payloads, unless one event alone is larger. */
const MAX_PAGE_BYTES = 1_048_576

/** Less than the second in which Kubernetes expects the answer to a probe, in milliseconds. */
const PROBE_TIMEOUT_MS = 700

const readScript = logScript('read.lua')
const readBeforeScript = logScript('read-before.lua')
const readRunScript = logScript('read-run.lua')
const newestKeptScript = logScript('newest-kept.lua')
const rebuildScript = logScript('rebuild.lua')
const aliveScript = logScript('alive.lua')

export interface RedisRunLogOptions {
  /** Sends the commands. The caller connects and closes it. */
  readonly redis: CommandClient
  readonly keys: RedisKeys
  readonly retention: Retention
  /** True if Redis is a Cluster, so that live messages must be sharded. */
  readonly sharded: boolean
}

/**
 * Keeps run logs in Redis. Every operation is tried for up to two seconds while Redis is away or changing over;
 * an append is repeated under its own id, so that it is carried out once.
 */
export function createRedisRunLog ({ redis, keys, retention, sharded }: RedisRunLogOptions): RunLog {
  const index = new RunIndex(redis, keys, retention, sharded)
  const appends = new Appends({ redis, keys, retention, sharded })
  const signs = new SignsOfLife(redis, keys, retention)

  /** Runs a script on a run's log and hash. A hash that is gone is made from the log first. */
  async function onRun (script: Script, runId: string, args: readonly string[] = []): Promise<unknown> {
    const both = [keys.log(runId), keys.run(runId)]
    return persist(async () => {
      const reply = await script.run(redis, both, args)
      if (list(reply)[0] !== 'rebuild') return reply
      await rebuildScript.run(redis, both, [String(STATE_EXTRA_TTL_SECONDS)])
      return await script.run(redis, both, args)
    })
  }

  async function readRun (runId: string) {
    return runStateOf(runId, await onRun(readRunScript, runId))
  }

  return {
    async open () {},

    async append (request) {
      const { result, tenant, run } = await appends.append(request)
      const appended = { ...appendResultOf(result), run }
      const last = appended.ids.at(-1)
      if (last !== undefined) index.note(tenant, request.runId, msOf(last))
      return appended
    },

    async noteAlive (runId, tenant) {
      const { goesOn, isNews } = await signs.note(runId, await onRun(aliveScript, runId, [tenant, String(HEARD_NEWS_MS)]))
      if (isNews) index.tell(tenant, runId)
      return goesOn
    },

    silentRuns: (silentMs) => signs.silentRuns(silentMs, readRun),

    async readPage ({ runId, from, limit }) {
      const args = [from.at, placeOf(from), String(limit), String(MAX_PAGE_BYTES)]
      const { facts, lookup, events } = pageOf(await onRun(readScript, runId, args))
      return { facts, resume: judge(from, facts, lookup, retention.ttlSeconds), events }
    },

    async readBefore (runId, before, limit) {
      // Redis knows no range that ends before its least id.
      if (before === ORIGIN) return []
      const args = [before === null ? '+' : `(${before}`, String(limit), String(MAX_PAGE_BYTES)]
      const entries = await persist(() => readBeforeScript.run(redis, [keys.log(runId)], args))
      return list(entries).map(eventOf).reverse()
    },

    async newestKept (runId, ids) {
      const kept = await persist(() => newestKeptScript.run(redis, [keys.log(runId)], ids))
      return typeof kept === 'string' ? kept : null
    },

    async readRun (runId) {
      const state = await readRun(runId)
      if (state !== null) index.note(state.tenant, runId, state.updatedAt)
      return state
    },

    listRuns: (request) => listRuns(request, index, readRun),

    async probe () {
      return await within(PROBE_TIMEOUT_MS, probeWrites(redis, keys, sharded)).then(() => null, redisFault)
    },

    async close () {
      await appends.idle()
      await index.close()
    }
  }
}

function placeOf (from: From): string {
  switch (from.at) {
    case 'cursor': return from.cursor
    case 'tail': return String(from.count)
    case 'since': return String(from.ms)
    case 'first':
    case 'end': return ''
  }
}
