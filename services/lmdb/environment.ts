import { open as openFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { DiskFullError, StoreCorruptError } from '../problems/storage-errors.ts'
import { isDiskFull } from './free-space.ts'

const MAGIC = 0xbeefc0de
const MAGIC_OFFSET = 24

/** The least size of an LMDB file: its two meta pages. */
const LEAST_BYTES = 8192

/**
 * Opens an LMDB file, which is made if need be. Every commit is on disk before anyone sees it.
 *
 * @throws StoreCorruptError when the file is no LMDB file, DiskFullError when the disk has no room for it
 */
export async function openEnvironment<Value> (path: string): Promise<RootDatabase<Value, string>> {
  await check(path)
  // By default lmdb shows a commit before it is on disk. It also makes a promise of its own for the batch of each turn
  // of the event loop, whose rejection nobody could handle when a commit fails.
  return open<Value, string>({ path, overlappingSync: false, eventTurnBatching: false })
}

/** Refuses a file of another kind and a disk without room for the first pages: with either, lmdb would end the process. */
async function check (path: string): Promise<void> {
  const file = await openFile(path, 'a+')
  try {
    const { size } = await file.stat()
    if (size === 0) {
      if (await isDiskFull(dirname(path))) throw new DiskFullError(`The disk of ${path} is full.`)
      return
    }
    const { buffer } = await file.read({ buffer: Buffer.alloc(MAGIC_OFFSET + 4), position: 0 })
    if (size >= LEAST_BYTES && buffer.readUInt32LE(MAGIC_OFFSET) === MAGIC) return
    throw new StoreCorruptError(`${path} is not a file of this service.`)
  } finally {
    await file.close()
  }
}
