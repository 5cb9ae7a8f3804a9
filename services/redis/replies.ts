import { StoreCorruptError } from '../problems/storage-errors.ts'

/** @throws StoreCorruptError when the reply is no list */
export function list (reply: unknown): unknown[] {
  if (!Array.isArray(reply)) throw corrupt()
  return reply
}

/** @throws StoreCorruptError when the reply is no list of texts */
export function texts (reply: unknown): string[] {
  const items = list(reply)
  if (!items.every((item) => typeof item === 'string')) throw corrupt()
  return items
}

/** The error of a reply that none of the service's scripts gives. */
export function corrupt (cause?: unknown): StoreCorruptError {
  return new StoreCorruptError('Redis holds something that this service did not write.', { cause })
}
