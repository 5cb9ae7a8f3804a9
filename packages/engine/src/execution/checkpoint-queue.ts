import type { Checkpoint } from '../store/run-store.ts'

/** Saves checkpoints in their order. Those that are added while others are being saved are saved together. */
export interface CheckpointQueue {
  /** Resolves when the checkpoint and all before it are durable. Rejects when one of them is not saved; nobody has to await it. */
  add (checkpoint: Checkpoint, bytes: number): Promise<void>
  /** Resolves when all but the newest `most` checkpoints are durable. */
  saved (most: number): Promise<unknown>
}

interface Waiting {
  readonly checkpoint: Checkpoint
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The most checkpoints in one call of the store. */
const MAX_BATCH = 1_000

/**
 * Makes a queue.
 *
 * @param save stores checkpoints, all or none
 * @param maxBytes the most bytes in one call of `save`, unless one checkpoint alone has more
 * @param onFailure takes the error of `save` and gives the one that rejects; nothing is saved after it
 */
export function createCheckpointQueue (save: (checkpoints: readonly Checkpoint[]) => Promise<void>, maxBytes: number, onFailure: (error: unknown) => Error): CheckpointQueue {
  const unsaved = new Set<Promise<void>>()
  let waiting: Waiting[] = []
  let isSaving = false
  let failure: Error | null = null

  function takeBatch (): Waiting[] {
    let bytes = 0
    const end = waiting.findIndex((one, index) => index === MAX_BATCH || (bytes += one.bytes) > maxBytes)
    return waiting.splice(0, end === -1 ? waiting.length : Math.max(1, end))
  }

  async function drain (): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        await save(batch.map(({ checkpoint }) => checkpoint))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        const reason = onFailure(error)
        failure = reason
        for (const { reject } of [...batch, ...waiting]) reject(reason)
        waiting = []
      }
    }
    isSaving = false
  }

  return {
    add (checkpoint, bytes) {
      const saving = new Promise<void>((resolve, reject) => {
        if (failure === null) waiting.push({ checkpoint, bytes, resolve, reject })
        else reject(failure)
      })
      unsaved.add(saving)
      saving.then(() => unsaved.delete(saving), () => {})
      if (!isSaving) {
        isSaving = true
        drain()
      }
      return saving
    },
    saved: (most) => Promise.all([...unsaved].slice(0, Math.max(0, unsaved.size - most)))
  }
}
