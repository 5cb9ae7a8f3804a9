import { UnavailableError } from '../../problems/storage-errors.ts'
import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis/keys.ts'
import { persist, within } from '../../redis/persist.ts'
import { texts } from '../../redis/replies.ts'
import { STATE_EXTRA_TTL_SECONDS, type Retention } from '../retention.ts'
import { logScript } from './log-script.ts'

/** The least time between two writes, in milliseconds. */
const INTERVAL_MS = 250

/** The most runs of a tenant that wait to be written while Redis is away. Reads of the list mend the rest. */
const MAX_WAITING = 10_000

/** The most runs of one call of a script. */
const MAX_RUNS_PER_CALL = 1_000

const CLOSE_MS = 500

const writeScript = logScript('index-write.lua')
const readScript = logScript('index-read.lua')
const forgetScript = logScript('index-forget.lua')

/** A run on a tenant's list, and when it last changed (ms). */
export interface IndexEntry {
  readonly runId: string
  readonly ms: number
}

/**
 * The lists of runs by last change, one per tenant. They follow the appends within INTERVAL_MS, each run at most once
 * in that time. They are a hint: the truth of a run stands in its own keys.
 */
export class RunIndex {
  readonly #redis: CommandClient
  readonly #keys: RedisKeys
  readonly #publish: string
  readonly #ttlSeconds: number
  /** By tenant and run id: the time of the last change. */
  #waiting = new Map<string, Map<string, number>>()
  #timer: NodeJS.Timeout | null = null
  #lastWrite = -Infinity
  #closed = false

  constructor (redis: CommandClient, keys: RedisKeys, retention: Retention, sharded: boolean) {
    this.#redis = redis
    this.#keys = keys
    this.#publish = sharded ? 'SPUBLISH' : 'PUBLISH'
    this.#ttlSeconds = retention.ttlSeconds + STATE_EXTRA_TTL_SECONDS
  }

  /** Notes in the list that a run changed at `ms`, soon and in the background. A change that is noted already does no harm. */
  note (tenant: string, runId: string, ms: number): void {
    if (this.#closed) return
    const runs = this.#waiting.get(tenant) ?? new Map<string, number>()
    this.#waiting.set(tenant, runs)
    if (runs.has(runId) || runs.size < MAX_WAITING) runs.set(runId, Math.max(ms, runs.get(runId) ?? 0))
    this.#schedule()
  }

  /** Tells the watchers of a tenant that a run has changed, in the background. A hint that is lost does no harm. */
  tell (tenant: string, runId: string): void {
    this.#redis.call(this.#publish, this.#keys.changed(tenant), runId).catch(() => {})
  }

  /**
   * Reads a piece of a tenant's list, the last changed first.
   *
   * @param after the entry before the piece; null for the start
   * @returns fewer than `count` at the end only
   */
  async read (tenant: string, after: IndexEntry | null, count: number): Promise<IndexEntry[]> {
    const args = [after === null ? '+inf' : String(after.ms), after?.runId ?? '', String(count)]
    const found = texts(await persist(() => readScript.run(this.#redis, [this.#keys.index(tenant)], args)))
    return Array.from({ length: found.length / 2 }, (_, index) => ({ runId: found[index * 2] ?? '', ms: Number(found[index * 2 + 1]) }))
  }

  /** Takes runs that no longer exist off a tenant's list, in the background. */
  forget (tenant: string, entries: readonly IndexEntry[]): void {
    if (entries.length === 0) return
    const args = entries.flatMap(({ runId, ms }) => [String(ms), runId])
    // The next read of the list finds them again.
    forgetScript.run(this.#redis, [this.#keys.index(tenant)], args).catch(() => {})
  }

  /** Writes the changes that wait, if Redis answers within CLOSE_MS. */
  async close (): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await within(CLOSE_MS, this.#writeAll()).catch(() => {})
  }

  #schedule (): void {
    if (this.#timer !== null) return
    const wait = Math.max(0, this.#lastWrite + INTERVAL_MS - performance.now())
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#writeAll()
    }, wait).unref()
  }

  /** Never rejects. */
  async #writeAll (): Promise<void> {
    const taken = this.#waiting
    this.#waiting = new Map()
    this.#lastWrite = performance.now()
    await Promise.all([...taken].map(([tenant, runs]) => this.#write(tenant, [...runs])))
  }

  async #write (tenant: string, runs: ReadonlyArray<[runId: string, ms: number]>): Promise<void> {
    for (let start = 0; start < runs.length; start += MAX_RUNS_PER_CALL) {
      const piece = runs.slice(start, start + MAX_RUNS_PER_CALL)
      const args = [this.#publish, this.#keys.changed(tenant), String(this.#ttlSeconds), ...piece.flatMap(([runId, ms]) => [String(ms), runId])]
      try {
        await persist(() => writeScript.run(this.#redis, [this.#keys.index(tenant), this.#keys.indexLife(tenant)], args))
      } catch (error) {
        if (!(error instanceof UnavailableError)) continue
        for (const [runId, ms] of piece) this.note(tenant, runId, ms)
      }
    }
  }
}
