import type { Checkpoint, Creation, RunRecord } from '@runcast/engine'
import { FencedError } from '@runcast/engine/run-store'
import { watchFreeSpace } from '../../../lmdb/free-space.ts'
import { storeError } from '../../../lmdb/store-error.ts'
import { startSweeping, SWEEP_DELETIONS } from '../../../lmdb/sweeper.ts'
import { createWriter, type Writer } from '../../../lmdb/writer.ts'
import { UnavailableError } from '../../../problems/storage-errors.ts'
import type { ServiceRunStore } from '../service-run-store.ts'
import { checkpointsOf, findProgress, hasExpired, isKeyTaken, openTables, putCheckpoint, putKey, removeExpired, removeRun, type StoredProgress, type Tables } from './tables.ts'

export interface EmbeddedRunStoreOptions {
  /** The directory of the embedded log, whose lock keeps other processes away. */
  readonly directory: string
  /** The least free disk space. With less, nothing is added. */
  readonly minFreeBytes: number
  /** The time that a run is kept after its end, in seconds. */
  readonly ttlSeconds: number
  /** The clock, in milliseconds since 1970. Defaults to the system's clock. */
  readonly now?: () => number
}

/** The right to execute a run, until a time (ms since 1970) unless it is renewed. */
interface Lease {
  readonly holder: string
  readonly until: number
}

/** The approximate size of a small write, in bytes. */
const SMALL_BYTES = 1_000

/**
 * Keeps the engine's runs in LMDB, durable across `kill -9`. Leases are in memory: the directory belongs to one process,
 * so the leases of a dead process are void at once. Expired runs are deleted in the background.
 */
export function createEmbeddedRunStore (options: EmbeddedRunStoreOptions): ServiceRunStore {
  return new EmbeddedRunStore(options)
}

class EmbeddedRunStore implements ServiceRunStore {
  readonly #options: EmbeddedRunStoreOptions
  readonly #now: () => number
  readonly #leases = new Map<string, Lease>()
  #opening: Promise<void> | null = null
  #opened: { readonly tables: Tables, readonly writer: Writer, readonly stopSweeping: () => void } | null = null

  constructor (options: EmbeddedRunStoreOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  open (): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null
      throw storeError(error)
    })
    return this.#opening
  }

  async #open (): Promise<void> {
    const { directory, minFreeBytes } = this.#options
    const tables = await openTables(directory)
    const writer = createWriter(tables, watchFreeSpace(directory, minFreeBytes))
    const stopSweeping = startSweeping(writer, {
      isDue: () => hasExpired(tables, this.#now()),
      sweep: () => removeExpired(tables, this.#now(), SWEEP_DELETIONS)
    })
    this.#opened = { tables, writer, stopSweeping }
  }

  async close (): Promise<void> {
    await this.#opening?.catch(() => {})
    const opened = this.#opened
    this.#opened = null
    this.#opening = null
    opened?.stopSweeping()
    await opened?.writer.idle()
    await opened?.tables.root.close()
  }

  async create ({ runId, ...record }: RunRecord): Promise<Creation> {
    const bytes = Buffer.byteLength(JSON.stringify(record))
    return this.#write(bytes, true, (tables, at) => {
      if (findProgress(tables, runId, at) !== null) return 'exists'
      if (isKeyTaken(tables, runId, record, at)) return 'key_taken'
      removeRun(tables, runId)
      putKey(tables, runId, record)
      tables.records.put(runId, record)
      tables.progress.put(runId, { createdAt: record.createdAt, token: 0, isCancelled: false, expiresAt: null })
      tables.unfinished.put([record.createdAt, runId], true)
      return 'created'
    })
  }

  async read (runId: string) {
    return this.#read((tables, at) => {
      const progress = findProgress(tables, runId, at)
      const record = tables.records.get(runId)
      if (progress === null || record === undefined) return null
      return { runId, ...record, isOver: progress.expiresAt !== null, isCancelled: progress.isCancelled }
    })
  }

  async claim (runId: string, holder: string, leaseMs: number): Promise<number | null> {
    // Refused while the disk is low: the attempt could not save its checkpoints, and its tasks would run again and again.
    return this.#write(SMALL_BYTES, true, (tables, at) => {
      const progress = findProgress(tables, runId, at)
      if (progress === null || progress.expiresAt !== null) return null
      const lease = this.#leases.get(runId)
      if (lease !== undefined && lease.holder !== holder && lease.until > at) return null
      const token = progress.token + 1
      tables.progress.put(runId, { ...progress, token })
      this.#leases.set(runId, { holder, until: at + leaseMs })
      return token
    })
  }

  async renew (runId: string, token: number, leaseMs: number): Promise<boolean> {
    return this.#read((tables, at) => {
      const { isCancelled } = attempt(tables, runId, token, at)
      const lease = this.#leases.get(runId)
      if (lease !== undefined) this.#leases.set(runId, { ...lease, until: at + leaseMs })
      return isCancelled
    })
  }

  async save (runId: string, token: number, checkpoints: readonly Checkpoint[]): Promise<void> {
    const bytes = checkpoints.reduce((sum, checkpoint) => sum + Buffer.byteLength(JSON.stringify(checkpoint)), 0)
    await this.#write(bytes, true, (tables, at) => {
      attempt(tables, runId, token, at)
      for (const checkpoint of checkpoints) putCheckpoint(tables, runId, checkpoint)
    })
  }

  async checkpoints (runId: string): Promise<readonly Checkpoint[]> {
    return this.#read((tables, at) => findProgress(tables, runId, at) === null ? [] : checkpointsOf(tables, runId))
  }

  async finish (runId: string, token: number): Promise<void> {
    await this.#write(SMALL_BYTES, false, (tables, at) => {
      if (isFinishedBy(findProgress(tables, runId, at), token)) return
      const progress = attempt(tables, runId, token, at)
      const expiresAt = at + this.#options.ttlSeconds * 1000
      tables.progress.put(runId, { ...progress, expiresAt })
      this.#leases.delete(runId)
      tables.unfinished.remove([progress.createdAt, runId])
      tables.deadlines.put([expiresAt, runId], true)
    })
  }

  async cancel (runId: string): Promise<boolean> {
    return this.#write(SMALL_BYTES, false, (tables, at) => {
      const progress = findProgress(tables, runId, at)
      if (progress === null || progress.expiresAt !== null) return false
      tables.progress.put(runId, { ...progress, isCancelled: true })
      return true
    })
  }

  async release (runId: string, token: number): Promise<void> {
    await this.#read((tables, at) => {
      if (findProgress(tables, runId, at)?.token === token) this.#leases.delete(runId)
    })
  }

  async unfinished (): Promise<readonly string[]> {
    return this.#read((tables) => Array.from(tables.unfinished.getKeys(), ([, runId]) => runId))
  }

  /** Passes a FencedError of `apply` as a value, because an exception would undo the whole group's transaction. */
  async #write<T> (bytes: number, growing: boolean, apply: (tables: Tables, at: number) => T): Promise<T> {
    const { tables, writer } = this.#need()
    const outcome = await writer.write({
      bytes,
      growing,
      apply: () => {
        try {
          return { value: apply(tables, this.#now()) }
        } catch (error) {
          if (error instanceof FencedError) return error
          throw error
        }
      }
    })
    if (outcome instanceof FencedError) throw outcome
    return outcome.value
  }

  #read<T> (read: (tables: Tables, at: number) => T): T {
    const { tables } = this.#need()
    try {
      return read(tables, this.#now())
    } catch (error) {
      throw error instanceof FencedError ? error : storeError(error)
    }
  }

  #need () {
    if (this.#opened === null) throw new UnavailableError('The store of the engine is not open.')
    return this.#opened
  }
}

function isFinishedBy (progress: StoredProgress | null, token: number): boolean {
  return progress !== null && progress.expiresAt !== null && progress.token === token
}

/**
 * Gives the progress of a run to the attempt that has its token.
 *
 * @throws FencedError when another attempt has begun, or the run is over or gone
 */
function attempt (tables: Tables, runId: string, token: number, at: number): StoredProgress {
  const progress = findProgress(tables, runId, at)
  if (progress === null || progress.token !== token || progress.expiresAt !== null) throw new FencedError('Another attempt has this run.')
  return progress
}
