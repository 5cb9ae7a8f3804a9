import type { EventId } from '@runcast/protocol'
import { StoreCorruptError } from '../../problems/storage-errors.ts'
import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis/keys.ts'
import { persist } from '../../redis/persist.ts'
import { list, texts } from '../../redis/replies.ts'
import { IngestFencedError } from '../errors.ts'
import { logScript } from './log-script.ts'

/** The number of entries that one round trip reads. */
const PAGE = 1_000

/** The time by which another process may have appended a message before it arrived here, in milliseconds, generously. */
const MARGIN_MS = 10_000

const claimScript = logScript('claim.lua')

/** An entry of the log that the ingest made from a raw message. */
export interface IngestedEntry {
  readonly id: EventId
  /** The hash of the raw message. */
  readonly hash: string
}

/** The part of a claimed run's log that the claimant needs to know. */
export interface Claim {
  /** The ingested entries after the place asked for, in order. */
  readonly entries: readonly IngestedEntry[]
  /** The newest id of the log when it was read. */
  readonly last: EventId
}

/**
 * Claims a run for the ingest and reads the entries ingested before. Once it resolves, no append with a lower token is
 * carried out any more, and all that were are among the entries.
 *
 * @param token the fencing token
 * @param after the newest id that the caller knows of, or null when it knows none
 * @param sinceMs without an id, the time since which there may be appends unknown to the caller, in milliseconds since 1970
 * @param waitedMs the wait of the oldest message of the run, in milliseconds: without an id, appends from long before it are left out
 * @throws IngestFencedError when a higher token has claimed the run; UnavailableError, RedisFullError, StoreCorruptError
 */
export type ClaimRun = (runId: string, token: number, after: EventId | null, sinceMs: number, waitedMs: number) => Promise<Claim>

/** Makes the function that claims runs in Redis. */
export function createIngestClaims (redis: CommandClient, keys: RedisKeys, ttlSeconds: number): ClaimRun {
  return async (runId, token, after, sinceMs, waitedMs) => {
    const entries: IngestedEntry[] = []
    for (let from = after ?? ''; ;) {
      const args = [String(token), String(ttlSeconds), from, String(sinceMs), String(PAGE), String(Math.ceil(waitedMs) + MARGIN_MS)]
      const [code, last, found] = list(await persist(() => claimScript.run(redis, [keys.log(runId), keys.fence(runId)], args)))
      if (code === 'fenced') throw new IngestFencedError()
      if (typeof last !== 'string') throw new StoreCorruptError('claim.lua returned something unknown.')
      const page = list(found).map(texts)
      for (const [id, hash] of page) {
        if (id === undefined || hash === undefined) throw new StoreCorruptError('claim.lua returned something unknown.')
        from = id
        for (const one of hash.split(' ')) if (one !== '') entries.push({ id, hash: one })
      }
      if (page.length < PAGE) return { entries, last }
    }
  }
}
