import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '@runcast/protocol'
import type { Logger, LogLine } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import type { ProblemError } from '../problems/problem-error.ts'
import { StoreCorruptError } from '../problems/storage-errors.ts'
import { IdempotencyConflictError, IngestFencedError, RunNotFoundError } from '../run-log/errors.ts'
import type { ClaimRun } from '../run-log/redis/ingest-claims.ts'
import type { RunLog } from '../run-log/run-log.ts'
import { remarksOn, type PendingRefusal } from './refusals.ts'
import type { PendingMessage, RunQueues } from './run-queues.ts'

export interface AppenderOptions {
  readonly queues: RunQueues<PendingMessage>
  /** The messages that were refused, until their runs show it. */
  readonly refusals: RunQueues<PendingRefusal>
  /** The time after the terminal status for which a run still shows refusals, in milliseconds. */
  readonly remarkWithinMs: number
  readonly runLog: RunLog
  readonly claim: ClaimRun
  /** The fencing token that came with the lease. */
  readonly token: number
  /** The time of the oldest append of another process that may not be acknowledged yet, in milliseconds since 1970 by Redis' clock. */
  readonly sinceMs: number
  readonly logger: Logger
  /** Called when another process has a higher token: this appender has stopped. */
  readonly onFenced: () => void
  readonly onStored: (count: number) => void
  /** Called for messages that can never be appended. */
  readonly onDropped: (reason: string, runId: string, messages: readonly PendingMessage[]) => void
  /** Called for refusals that their run does not show. */
  readonly onUntold: (runId: string, refusals: readonly PendingRefusal[]) => void
}

/** The most messages of one append. */
const MAX_BATCH = 1_000

/** The most bytes of one append, unless one message alone is larger. */
const MAX_BATCH_BYTES = 1_048_576

/** The waits before messages that could not be stored are tried again. */
const BACKOFF = { baseMs: 100, maxMs: 2_000 }

/** The time that refusals wait for others of their kind, in milliseconds. */
const GATHER_MS = 1_000

/** An append that is under way or has failed with an unknown outcome. */
interface Attempt<M> {
  readonly appendId: string
  readonly batch: readonly M[]
}

/** The state of the work on one run. */
interface Work {
  attempt: Attempt<PendingMessage> | null
  remark: Attempt<PendingRefusal> | null
  /** The number of next messages that are appended one by one, because one of them made their batch fail. */
  single: number
  failures: number
}

/**
 * Appends the messages that wait, each run in order, while this process holds the lease. It claims a run before the
 * first append with its token, and again when the outcome of an append is unknown.
 */
export class Appender {
  readonly #options: AppenderOptions
  readonly #log: LogLine
  /** The runs that are being appended to. */
  readonly #busy = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()
  /** The runs whose refusals have waited for others long enough. */
  readonly #due = new Set<string>()
  #gathering: NodeJS.Timeout | null = null

  constructor (options: AppenderOptions) {
    this.#options = options
    this.#log = throttledLog((fields, message) => options.logger.warn(fields, message), 5_000)
  }

  get token (): number {
    return this.#options.token
  }

  /** Begins to append the messages of this run, unless that is under way. */
  wake (runId: string): void {
    if (this.#busy.has(runId) || this.#stopping.signal.aborted) return
    this.#busy.set(runId, this.#work(runId).finally(() => {
      this.#busy.delete(runId)
      if (this.#hasWork(runId)) this.wake(runId)
    }))
  }

  /** Has the runs show their refusals in a second, with those that come meanwhile. */
  gatherRefusals (): void {
    if (this.#stopping.signal.aborted) return
    this.#gathering ??= setTimeout(() => this.#showRefusals(), GATHER_MS)
  }

  /** Resolves when nothing waits, or after `stop()`. */
  async idle (): Promise<void> {
    this.#showRefusals()
    while (this.#busy.size > 0) await Promise.all(this.#busy.values())
  }

  /** Begins no further append. */
  stop (): void {
    this.#stopping.abort()
    if (this.#gathering !== null) clearTimeout(this.#gathering)
  }

  #showRefusals (): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering)
    this.#gathering = null
    for (const runId of this.#options.refusals.waiting()) {
      this.#due.add(runId)
      this.wake(runId)
    }
  }

  #hasWork (runId: string): boolean {
    return !this.#options.queues.isEmpty(runId) || this.#due.has(runId)
  }

  async #work (runId: string): Promise<void> {
    const work: Work = { attempt: null, remark: null, single: 0, failures: 0 }
    while (!this.#stopping.signal.aborted) {
      try {
        if (!await this.#step(runId, work)) return
      } catch (error) {
        await this.#recover(runId, work, error)
      }
    }
  }

  /** @returns false when nothing waits */
  async #step (runId: string, work: Work): Promise<boolean> {
    if (!this.#hasWork(runId)) return false
    // Messages first: one of them may make the run that shows the refusals.
    if (!this.#options.queues.isEmpty(runId)) await this.#store(runId, work)
    if (this.#due.has(runId)) await this.#remark(runId, work)
    work.failures = 0
    return true
  }

  async #store (runId: string, work: Work): Promise<void> {
    const { queues, token } = this.#options
    if (!queues.isClaimed(runId, token)) await this.#claim(runId)
    // Repeats the append under its id, unless the claim has found its messages in the log.
    if (work.attempt === null || !queues.beginsWith(runId, work.attempt.batch)) {
      work.attempt = newAttempt(queues.first(runId, work.single > 0 ? 1 : MAX_BATCH, MAX_BATCH_BYTES))
    }
    const { appendId, batch } = work.attempt
    if (batch.length > 0) await this.#append(runId, appendId, batch)
    work.attempt = null
    work.single = Math.max(0, work.single - 1)
  }

  /** Shows refusals in their run, if it is there, of the tenant that they name, and not over. */
  async #remark (runId: string, work: Work): Promise<void> {
    const { refusals, onUntold } = this.#options
    try {
      await this.#claimIfThere(runId)
      if (work.remark === null || !refusals.holds(runId, work.remark.batch)) {
        work.remark = newAttempt(refusals.ofFirstTenant(runId, MAX_BATCH))
      }
      const { appendId, batch } = work.remark
      if (batch.length > 0) await this.#appendRemark(runId, appendId, batch)
    } catch (error) {
      if (!isFinal(error)) throw error
      const batch = work.remark?.batch ?? refusals.ofFirstTenant(runId, MAX_BATCH)
      refusals.remove(runId, batch, [])
      onUntold(runId, batch)
    }
    work.remark = null
    if (refusals.isEmpty(runId)) this.#due.delete(runId)
  }

  async #recover (runId: string, work: Work, error: unknown): Promise<void> {
    const { queues, onFenced } = this.#options
    if (error instanceof IngestFencedError) {
      this.stop()
      onFenced()
    } else if (isFinal(error)) {
      this.#drop(runId, work, error.code)
    } else {
      queues.unclaim(runId)
      this.#log({ run_id: runId, err: error, waiting: queues.size }, 'Plain PUBLISH messages wait to be stored')
      await delay(backoffMs(work.failures++, BACKOFF), undefined, { signal: this.#stopping.signal }).catch(() => { /* It has stopped. */ })
    }
  }

  #drop (runId: string, work: Work, reason: string): void {
    const { queues, onDropped } = this.#options
    const batch = work.attempt?.batch ?? queues.first(runId, 1, 0)
    work.attempt = null
    if (batch.length > 1) {
      work.single = batch.length
      return
    }
    work.single = Math.max(0, work.single - 1)
    queues.remove(runId, batch, [])
    onDropped(reason, runId, batch)
  }

  async #claim (runId: string): Promise<void> {
    const { queues, refusals, claim, token, sinceMs } = this.#options
    const waitedMs = Math.max(queues.waitedMs(runId), refusals.waitedMs(runId))
    const { entries, last } = await claim(runId, token, queues.knownOf(runId), sinceMs, waitedMs)
    queues.claimed(runId, token, entries, last)
    refusals.claimed(runId, token, entries, last)
  }

  /**
   * Claims a run only if it is there: a claim leaves a key in Redis, which refused messages must not do.
   *
   * @throws RunNotFoundError
   */
  async #claimIfThere (runId: string): Promise<void> {
    const { queues, runLog, token } = this.#options
    if (queues.isClaimed(runId, token)) return
    const { facts } = await runLog.readPage({ runId, from: { at: 'end' }, limit: 1 })
    if (!facts.exists) throw new RunNotFoundError()
    await this.#claim(runId)
  }

  async #appendRemark (runId: string, appendId: string, batch: readonly PendingRefusal[]): Promise<void> {
    const { refusals, runLog, token, remarkWithinMs } = this.#options
    const { events, hashes } = remarksOn(batch)
    const { ids } = await runLog.append({
      runId, tenant: batch[0]?.tenant ?? '', events, appendId, ingest: { token, hashes }, remark: { withinMs: remarkWithinMs }
    })
    refusals.remove(runId, batch, ids)
  }

  async #append (runId: string, appendId: string, batch: readonly PendingMessage[]): Promise<void> {
    const { queues, runLog, token, onStored } = this.#options
    const { ids } = await runLog.append({
      runId,
      tenant: batch[0]?.tenant ?? '',
      events: batch.map(({ event }) => event),
      appendId,
      ingest: { token, hashes: batch.map(({ hash }) => hash) }
    })
    queues.remove(runId, batch, ids)
    onStored(batch.length)
  }
}

function newAttempt<M> (batch: readonly M[]): Attempt<M> {
  return { appendId: randomUUID(), batch }
}

/** Repeating does not help against these. The fault may lie in one message of a batch. */
function isFinal (error: unknown): error is ProblemError {
  return error instanceof RunNotFoundError || error instanceof IdempotencyConflictError || error instanceof StoreCorruptError
}
