import { constants } from 'node:os'
import { isProblemError, type ProblemError } from '../problems/problem-error.ts'
import { DiskFullError, UnavailableError } from '../problems/storage-errors.ts'
import type { FreeSpace } from './free-space.ts'
import { storeError } from './store-error.ts'

/** Work for a write transaction. */
export interface Work<T> {
  /**
   * Runs within the transaction. May throw a problem before it has written anything, which refuses this work alone.
   * After any other error the transaction is undone, and the rest of its group is done anew.
   */
  readonly apply: () => T
  /** Runs when the work is on disk, before `Writer.write` resolves, in the order of the works. Must not throw. */
  readonly committed?: (result: T) => void
  /** About the bytes that it writes. */
  readonly bytes: number
  /** True if it is refused with DiskFullError while the disk is low. */
  readonly growing: boolean
}

/** The part of an LMDB environment that the writer uses. */
export interface WritableStore {
  readonly root: { childTransaction<T> (action: () => T): Promise<T> }
}

/** The one writer of the store: groups the works that wait and commits each group in one transaction, in order. */
export interface Writer {
  /**
   * Does a piece of work.
   *
   * @returns the result of `apply`, once it is on disk
   * @throws the problem of `apply`, DiskFullError, UnavailableError; then nothing of the work is in the store
   */
  write<T> (work: Work<T>): Promise<T>

  /** Resolves when all works are done, those given meanwhile too. */
  idle (): Promise<void>
}

interface Job {
  readonly bytes: number
  readonly growing: boolean
  readonly apply: () => void
  readonly succeed: () => void
  readonly fail: (error: ProblemError) => void
}

/** One try to commit a group. */
interface Attempt {
  group: readonly Job[]
  readonly refused: Map<Job, ProblemError>
  /** The job that is being applied, which is at fault when the transaction fails meanwhile. */
  applying: Job | null
}

/** About the most bytes of one group: a few milliseconds of work within the transaction. */
const GROUP_BYTES = 1024 * 1024

/** Starts the writer of a store. */
export function createWriter (store: WritableStore, space: FreeSpace): Writer {
  const queue: Job[] = []
  let draining: Promise<void> | null = null

  async function drain (): Promise<void> {
    while (queue.length > 0) await commitGroup(await space.isLow())
    draining = null
  }

  async function commitGroup (low: boolean): Promise<void> {
    const attempt: Attempt = { group: [], refused: new Map(), applying: null }
    try {
      await store.root.childTransaction(() => applyGroup(attempt, low))
    } catch (error) {
      if (attempt.applying === null) await failGroup(attempt.group, error)
      else setAside(attempt.group, attempt.applying, error)
      return
    }
    for (const job of attempt.group) {
      const refusal = attempt.refused.get(job)
      if (refusal === undefined) job.succeed()
      else job.fail(refusal)
    }
  }

  function applyGroup (attempt: Attempt, low: boolean): void {
    attempt.group = takeGroup()
    for (const job of attempt.group) {
      attempt.applying = job
      try {
        if (low && job.growing) throw diskFull()
        job.apply()
      } catch (error) {
        if (!isProblemError(error)) throw error
        attempt.refused.set(job, error)
      }
    }
    attempt.applying = null
  }

  function takeGroup (): Job[] {
    let bytes = 0
    const end = queue.findIndex((job) => (bytes += job.bytes) > GROUP_BYTES)
    return queue.splice(0, end === -1 ? queue.length : Math.max(1, end))
  }

  /** Fails the job that undid the transaction of its group. The others go first in the next group. */
  function setAside (group: readonly Job[], culprit: Job, error: unknown): void {
    queue.unshift(...group.filter((job) => job !== culprit))
    culprit.fail(storeError(error))
  }

  async function failGroup (group: readonly Job[], error: unknown): Promise<void> {
    const cause = await causeOf(error)
    const full = isFullError(cause) || await space.isFull()
    // A transaction that could not begin has taken no group yet.
    for (const job of group.length > 0 ? group : takeGroup()) {
      job.fail(full ? diskFull(cause) : new UnavailableError('The embedded store could not commit.', { cause }))
    }
  }

  return {
    write (work) {
      return new Promise((resolve, reject) => {
        let result: ReturnType<typeof work.apply>
        queue.push({
          bytes: work.bytes,
          growing: work.growing,
          apply: () => { result = work.apply() },
          succeed: () => {
            work.committed?.(result)
            resolve(result)
          },
          fail: reject
        })
        draining ??= drain()
      })
    },
    async idle () {
      await draining
    }
  }
}

function diskFull (cause?: unknown): DiskFullError {
  return new DiskFullError('The disk of the data directory is full.', { cause })
}

const FULL_ERRNOS: ReadonlySet<unknown> = new Set([constants.errno.ENOSPC, constants.errno.EDQUOT])

/** Tells if an error says that the disk is full. LMDB says so only when it wrote no part of a page; else it says EIO. */
function isFullError (cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && FULL_ERRNOS.has(cause.code)
}

/** Finds the reason of a failed commit: lmdb rejects with an error that holds a second promise, rejected with the reason. */
async function causeOf (error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error && error.commitError instanceof Promise)) return error
  try {
    await error.commitError
    return error
  } catch (reason) {
    return reason
  }
}
