import { open as openFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { RunLogError } from '../run-log/run-log.ts'
import { isDiskFull } from './free-space.ts'

const MAGIC = 0xbeefc0de
const MAGIC_OFFSET = 24

/** The least that an LMDB file has: its two meta pages. */
const LEAST_BYTES = 8192

/**
 * Opens an LMDB file, which is made if need be, so that every commit is on disk before anyone sees it.
 *
 * @throws RunLogError `store_corrupt` when the file is something else, `storage_full` when it can't be made for that
 */
export async function openEnvironment<Value> (path: string): Promise<RootDatabase<Value, string>> {
  await check(path)
  // By default lmdb shows a commit before it is on disk, and makes a promise of its own for the batch of each turn
  // of the event loop: when a commit fails, nobody could handle the rejection of that.
  return open<Value, string>({ path, overlappingSync: false, eventTurnBatching: false })
}

/** lmdb does not refuse a file of another kind, nor a disk without room for its first pages: the process dies of them. */
async function check (path: string): Promise<void> {
  const file = await openFile(path, 'a+')
  try {
    const { size } = await file.stat()
    if (size === 0) {
      if (await isDiskFull(dirname(path))) throw new RunLogError('storage_full', `The disk of ${path} is full.`)
      return
    }
    const { buffer } = await file.read({ buffer: Buffer.alloc(MAGIC_OFFSET + 4), position: 0 })
    if (size >= LEAST_BYTES && buffer.readUInt32LE(MAGIC_OFFSET) === MAGIC) return
    throw new RunLogError('store_corrupt', `${path} is not a file of the embedded log.`)
  } finally {
    await file.close()
  }
}
