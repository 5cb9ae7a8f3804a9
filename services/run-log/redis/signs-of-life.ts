import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis/keys.ts'
import { persist } from '../../redis/persist.ts'
import { texts } from '../../redis/replies.ts'
import { RunNotFoundError } from '../errors.ts'
import { MAX_SILENT_RUNS, STATE_EXTRA_TTL_SECONDS, type Retention } from '../retention.ts'
import type { RunState } from '../run-log.ts'
import { logScript } from './log-script.ts'

const noteScript = logScript('heard-note.lua')
const readScript = logScript('heard-read.lua')

/**
 * The list of the runs that have ever sent a sign of life, by the last one. It is a hint: the truth of a run stands in its
 * own keys, and events move a run on only when the list is read.
 */
export class SignsOfLife {
  readonly #redis: CommandClient
  readonly #keys: RedisKeys
  readonly #ttlSeconds: number

  constructor (redis: CommandClient, keys: RedisKeys, retention: Retention) {
    this.#redis = redis
    this.#keys = keys
    this.#ttlSeconds = retention.ttlSeconds + STATE_EXTRA_TTL_SECONDS
  }

  /**
   * Notes a sign of life that alive.lua has taken.
   *
   * @param reply of alive.lua
   * @returns whether the run goes on, and whether those who watch all runs should be told
   * @throws RunNotFoundError, UnavailableError
   */
  async note (runId: string, reply: unknown): Promise<{ goesOn: boolean, isNews: boolean }> {
    const [code, ms, isNews] = texts(reply)
    if (code === 'run_not_found') throw new RunNotFoundError()
    if (ms === undefined) return { goesOn: false, isNews: false }
    await this.#note([ms, runId])
    return { goesOn: true, isNews: isNews === '1' }
  }

  /**
   * Finds silent runs, as `RunLog.silentRuns` does, and mends the list by the states of the runs themselves.
   *
   * @param readRun reads the state of a run; null when it is gone
   */
  async silentRuns (silentMs: number, readRun: (runId: string) => Promise<RunState | null>): Promise<RunState[]> {
    const args = [String(silentMs), String(MAX_SILENT_RUNS)]
    const [now, ...runIds] = texts(await persist(() => readScript.run(this.#redis, [this.#keys.heard], args)))
    const found: RunState[] = []
    const heard: string[] = []
    const gone: string[] = []
    await Promise.all(runIds.map(async (runId) => {
      const state = await readRun(runId)
      if (state === null || state.terminal || state.lastHeardAt === null) gone.push(runId)
      else if (Number(now) - state.lastHeardAt >= silentMs) found.push(state)
      else heard.push(String(state.lastHeardAt), runId)
    }))
    if (gone.length > 0) await persist(() => this.#redis.zrem(this.#keys.heard, ...gone))
    if (heard.length > 0) await this.#note(heard)
    return found
  }

  async #note (pairs: readonly string[]): Promise<void> {
    await persist(() => noteScript.run(this.#redis, [this.#keys.heard], [String(this.#ttlSeconds), ...pairs]))
  }
}
