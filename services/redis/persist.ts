import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '@runcast/protocol'
import { isProblemError, type ProblemError } from '../problems/problem-error.ts'
import { RedisFullError, StoreCorruptError, UnavailableError } from '../problems/storage-errors.ts'

/** The time for which one operation is tried, in milliseconds. */
export const DEADLINE_MS = 2_000

const BACKOFF = { baseMs: 40, maxMs: 250 }

/**
 * Does work on Redis, and repeats it while Redis does not answer, is loading, has lost its primary or is changing over.
 * A repetition of the work, or an earlier attempt that runs late, must do no harm.
 *
 * @throws UnavailableError after DEADLINE_MS, when no attempt succeeded; RedisFullError, StoreCorruptError at once
 */
export async function persist<T> (work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS
  for (let failures = 0; ; failures++) {
    const pause = backoffMs(failures, BACKOFF)
    try {
      return await within(deadline - performance.now(), work())
    } catch (error) {
      const fault = redisFault(error)
      if (!(fault instanceof UnavailableError) || performance.now() + pause >= deadline) throw fault
    }
    await delay(pause)
  }
}

/**
 * Waits for a promise for a time. The promise goes on alone after that.
 *
 * @throws UnavailableError after `ms`; before that, the reason of the promise
 */
export async function within<T> (ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new UnavailableError('Redis does not answer in time.')), ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Translates a fault of Redis or of the connection into one of the storage errors. Its text stays in `cause`, since it is not for clients. */
export function redisFault (error: unknown): ProblemError {
  if (isProblemError(error)) return error
  const text = error instanceof Error ? error.message : ''
  if (text.startsWith('OOM')) return new RedisFullError('Redis is out of memory.', { cause: error })
  if (isCorrupt(text)) return new StoreCorruptError('Redis holds something that this service did not write.', { cause: error })
  return new UnavailableError('Redis does not answer.', { cause: error })
}

/** Tells if Redis found a key of another type, or a script failed on the data that it read. */
function isCorrupt (text: string): boolean {
  return text.startsWith('WRONGTYPE') || text.startsWith('ERR user_script')
}
