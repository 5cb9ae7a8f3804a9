import { statfs } from 'node:fs/promises'

const FRESH_FOR_MS = 250

/** The least space for a commit: pages are copied before they are changed. */
const COMMIT_BYTES = 1024 * 1024

/** The free space of the disk under a directory. */
export interface FreeSpace {
  /** Tells if less than the minimum is free, as of a quarter of a second ago at most. Never rejects. */
  isLow (): Promise<boolean>
  /** Tells if so little is free now that a write may have failed for it. Never rejects. */
  isFull (): Promise<boolean>
}

/** Watches the disk under `directory`. It is low with less than `minFreeBytes` free for this user. */
export function watchFreeSpace (directory: string, minFreeBytes: number): FreeSpace {
  let low = false
  let measuredAt = -Infinity
  return {
    async isLow () {
      if (performance.now() - measuredAt > FRESH_FOR_MS) {
        low = await freeBytes(directory) < minFreeBytes
        measuredAt = performance.now()
      }
      return low
    },
    isFull: () => isDiskFull(directory)
  }
}

/** Tells if the disk under a directory has no room for a commit. Never rejects. */
export async function isDiskFull (directory: string): Promise<boolean> {
  return await freeBytes(directory) < COMMIT_BYTES
}

/** Reads the free space in bytes; Infinity when it can't be known, since the write itself will tell. */
async function freeBytes (directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    return Infinity
  }
}
