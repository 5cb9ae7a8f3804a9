import { randomUUID } from 'node:crypto'
import type { EventId } from '@runcast/protocol'
import { watchFreeSpace, type FreeSpace } from '../../lmdb/free-space.ts'
import { acquireProcessLock, type ProcessLock } from '../../lmdb/process-lock.ts'
import { storeError } from '../../lmdb/store-error.ts'
import { startSweeping } from '../../lmdb/sweeper.ts'
import { createWriter, type Writer } from '../../lmdb/writer.ts'
import type { ProblemError } from '../../problems/problem-error.ts'
import { DiskFullError, UnavailableError } from '../../problems/storage-errors.ts'
import { NotSilentError } from '../errors.ts'
import type { PublishLive } from '../live-message.ts'
import type { Retention } from '../retention.ts'
import type { AppendRequest, AppendResult, ListPage, ListRequest, LogEvent, Page, PageRequest, RunLog, RunState } from '../run-log.ts'
import { noteAlive, silentRuns } from './alive.ts'
import { append } from './append.ts'
import { listRuns, readRun } from './list.ts'
import { hasEntry, readBefore, readPage } from './read.ts'
import { findRun, openStore, touch, type Store } from './store.ts'
import { expiredOf } from './sweep.ts'

export interface EmbeddedOptions {
  /** The directory of the log, made if need be. It belongs to one process at a time. */
  readonly directory: string
  readonly retention: Retention
  /** Below this much free disk space appends fail with DiskFullError. */
  readonly minFreeBytes: number
  /** Announces every append once it is committed, in the order of the appends; no append is announced when left out. */
  readonly publish?: PublishLive | undefined
  /** The clock, ms since 1970; the system's if not given. */
  readonly now?: () => number
}

/** About the bytes that an event takes in the store beside its payload. */
const EVENT_OVERHEAD_BYTES = 250

/**
 * Makes a run log on LMDB, durable across `kill -9`. There is no second writer, so `AppendRequest.ingest` has no
 * meaning here.
 *
 * `open()` rejects with DataDirectoryInUseError when another process has the directory, and with StoreCorruptError,
 * DiskFullError or UnavailableError when it can't be used. The message is for the operator.
 */
export function createEmbeddedRunLog (options: EmbeddedOptions): RunLog {
  return new LmdbRunLog(options)
}

/** The parts that exist between `open` and `close`. */
interface Opened {
  /** The name of this opening, which no other has. */
  readonly name: string
  readonly lock: ProcessLock
  readonly store: Store
  readonly space: FreeSpace
  readonly writer: Writer
  readonly stopSweeping: () => void
  /** True once a probe was on disk. */
  hasWritten: boolean
}

class LmdbRunLog implements RunLog {
  readonly #options: EmbeddedOptions
  readonly #now: () => number
  #opening: Promise<void> | null = null
  #opened: Opened | null = null

  constructor (options: EmbeddedOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  open (): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null
      throw error
    })
    return this.#opening
  }

  async #open (): Promise<void> {
    const { directory, retention, minFreeBytes } = this.#options
    const lock = await acquireProcessLock(directory)
    try {
      const store = await openStore(directory)
      const space = watchFreeSpace(directory, minFreeBytes)
      const writer = createWriter(store, space)
      const stopSweeping = startSweeping(writer, expiredOf(store, this.#now, retention))
      this.#opened = { name: randomUUID(), lock, store, space, writer, stopSweeping, hasWritten: false }
    } catch (error) {
      await lock.release()
      throw storeError(error)
    }
  }

  async append (request: AppendRequest): Promise<AppendResult> {
    const { name, store, writer } = this.#need()
    const { retention } = this.#options
    const appended = await writer.write({
      apply: () => append(store, request, { retention, at: this.#now(), opening: name }),
      committed: (appended) => this.#publish(request, appended?.events ?? []),
      bytes: request.events.reduce((bytes, { data }) => bytes + data.length + EVENT_OVERHEAD_BYTES, 0),
      growing: true
    })
    if (appended === null) throw new NotSilentError()
    return appended.result
  }

  async noteAlive (runId: string, tenant: string): Promise<boolean> {
    const { store, writer } = this.#need()
    const { goesOn } = await writer.write({
      apply: () => noteAlive(store, runId, tenant, this.#now(), this.#options.retention),
      committed: ({ isNews }) => { if (isNews) this.#options.publish?.(runId, tenant, null) },
      bytes: EVENT_OVERHEAD_BYTES,
      growing: false
    })
    return goesOn
  }

  async silentRuns (silentMs: number): Promise<RunState[]> {
    const { store, writer } = this.#need()
    const { retention } = this.#options
    return await writer.write({
      apply: () => silentRuns(store, silentMs, this.#now(), retention),
      bytes: EVENT_OVERHEAD_BYTES,
      growing: false
    })
  }

  async readPage (request: PageRequest): Promise<Page> {
    return this.#read((store, at) => readPage(store, request, at, this.#options.retention))
  }

  async readBefore (runId: string, before: EventId | null, limit: number): Promise<LogEvent[]> {
    return this.#read((store, at) => {
      const run = findRun(store, runId, at, this.#options.retention)
      return run === null ? [] : readBefore(store, run, before, limit)
    })
  }

  async newestKept (runId: string, ids: readonly EventId[]): Promise<EventId | null> {
    return this.#read((store, at) => {
      const run = findRun(store, runId, at, this.#options.retention)
      return run === null ? null : ids.find((id) => hasEntry(store, run, id)) ?? null
    })
  }

  async readRun (runId: string): Promise<RunState | null> {
    return this.#read((store, at) => readRun(store, runId, at, this.#options.retention))
  }

  async listRuns (request: ListRequest): Promise<ListPage> {
    return this.#read((store, at) => listRuns(store, request, at, this.#options.retention))
  }

  async probe (): Promise<ProblemError | null> {
    try {
      const opened = this.#need()
      if (await opened.space.isLow()) throw new DiskFullError('The disk of the data directory is full.')
      // One write for each opening: an idle service leaves the disk alone.
      if (!opened.hasWritten) await opened.writer.write({ apply: () => touch(opened.store), bytes: EVENT_OVERHEAD_BYTES, growing: true })
      opened.hasWritten = true
      await this.#read((store) => store.root.get('format'))
      return null
    } catch (error) {
      return storeError(error)
    }
  }

  async close (): Promise<void> {
    if (this.#opened === null) await this.#opening?.catch(() => {})
    const opened = this.#opened
    if (opened === null) return
    this.#opened = null
    this.#opening = null
    opened.stopSweeping()
    await opened.writer.idle()
    await opened.store.root.close()
    await opened.lock.release()
  }

  #publish ({ runId, tenant }: AppendRequest, events: readonly LogEvent[]): void {
    const [first] = events
    const last = events.at(-1)
    if (first !== undefined && last !== undefined) this.#options.publish?.(runId, tenant, { prev: first.prev, last: last.id, events })
  }

  #need (): Opened {
    if (this.#opened === null) throw new UnavailableError('The embedded log is not open.')
    return this.#opened
  }

  async #read<T> (read: (store: Store, at: number) => T | Promise<T>): Promise<T> {
    const { store } = this.#need()
    try {
      return await read(store, this.#now())
    } catch (error) {
      this.#need()
      throw storeError(error)
    }
  }
}
