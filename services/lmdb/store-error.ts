import { RunLogError } from '../run-log/run-log.ts'

/** LMDB's own codes for files that it can't make sense of: from MDB_PAGE_NOTFOUND to MDB_INVALID. */
const CORRUPT_CODES = new Set([-30797, -30796, -30795, -30794, -30793])

/** The error of the service that a fault of the store means: `store_corrupt` or `unavailable`; one of its own as it is. */
export function storeError (error: unknown): RunLogError {
  if (error instanceof RunLogError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // An error without a code does not come from LMDB: a value does not decode.
  const corrupt = code === undefined || (typeof code === 'number' && CORRUPT_CODES.has(code))
  return corrupt
    ? new RunLogError('store_corrupt', 'the embedded log can\'t be read', { cause: error })
    : new RunLogError('unavailable', 'the embedded log does not answer', { cause: error })
}
