import createError from '@fastify/error'
import { defineProblem } from './problem-error.ts'

/** Makes the class of a fault of a store. Its message says to operators why, its detail is for clients. */
function defineStorageProblem (code: string, statusCode: number, detail: string, retryAfter?: number) {
  return class extends defineProblem<[reason: string, options?: ErrorOptions]>(code, statusCode, '%s') {
    readonly retryAfter: number | undefined = retryAfter

    override get detail (): string {
      return detail
    }
  }
}

const FULL = 'The storage of the service is full, and nothing was stored. Try again later.'

/** The store does not answer now. */
export class UnavailableError extends defineStorageProblem('unavailable', 503, 'The storage of the service does not answer now. Try again; repeat a publish with the same Idempotency-Key.', 2) {}

/** The disk of the data directory is full: a fault of the service's own machine. */
export class DiskFullError extends defineStorageProblem('storage_full', 507, FULL, 5) {}

/** Redis is out of memory. */
export class RedisFullError extends defineStorageProblem('storage_full', 503, FULL, 5) {}

/** The store holds something that this service did not write. */
export class StoreCorruptError extends defineStorageProblem('store_corrupt', 500, 'The stored data of this run can not be read. Other runs are not affected.') {}

/** Another process has the data directory. Operators are told at the start; clients never are. */
export class DataDirectoryInUseError extends createError<[directory: string, pid: number]>('data_dir_in_use', 'The data directory %s is in use by process %d.') {
  override readonly code = 'data_dir_in_use'
}
