import { setTimeout } from 'node:timers/promises'
import type { Writer } from './writer.ts'

/** The most deletions of one sweep, so that appends wait a few milliseconds for it. */
export const SWEEP_DELETIONS = 2_000

/** The time between two looks of a sweeper, in milliseconds. */
const SWEEP_INTERVAL_MS = 500

/** The expired parts of a store. */
export interface Expired {
  /** Tells if anything has expired. */
  isDue (): boolean
  /** Deletes a part of it by `SWEEP_DELETIONS` deletions at the most. Within a write transaction. */
  sweep (): void
}

/**
 * Deletes the expired parts of a store, in the background and by bounded sweeps.
 *
 * @returns a function that stops it
 */
export function startSweeping (writer: Writer, expired: Expired): () => void {
  const stop = new AbortController()
  const { signal } = stop

  async function sweepAll (): Promise<void> {
    while (!signal.aborted && expired.isDue()) {
      await writer.write({ apply: () => expired.sweep(), bytes: SWEEP_DELETIONS * 100, growing: false })
    }
  }

  async function keepSweeping (): Promise<void> {
    while (!signal.aborted) {
      try {
        await setTimeout(SWEEP_INTERVAL_MS, undefined, { ref: false, signal })
        await sweepAll()
      } catch {
        // It was stopped, or the store can't be written: appends tell of that, and the next round tries again.
      }
    }
  }

  keepSweeping()
  return () => stop.abort()
}
