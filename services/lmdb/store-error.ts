import { isProblemError, type ProblemError } from '../problems/problem-error.ts'
import { StoreCorruptError, UnavailableError } from '../problems/storage-errors.ts'

/** LMDB's own codes for files that it can't make sense of: from MDB_PAGE_NOTFOUND to MDB_INVALID. */
const CORRUPT_CODES = new Set([-30797, -30796, -30795, -30794, -30793])

/** Translates a fault of LMDB into one of the storage errors. A problem stays as it is. */
export function storeError (error: unknown): ProblemError {
  if (isProblemError(error)) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // An error without a code does not come from LMDB: a value does not decode.
  const corrupt = code === undefined || (typeof code === 'number' && CORRUPT_CODES.has(code))
  return corrupt
    ? new StoreCorruptError('The embedded store can\'t be read.', { cause: error })
    : new UnavailableError('The embedded store does not answer.', { cause: error })
}
