import { setTimeout } from 'node:timers/promises'
import type { Writer } from './writer.ts'

/** The deletions of one sweep at the most, so that appends wait a few milliseconds for it. */
export const SWEEP_DELETIONS = 2_000

/** How often a sweeper looks for what has expired. */
const SWEEP_INTERVAL_MS = 500

/** What has expired in a store. */
export interface Expired {
  /** Whether there is anything. */
  isDue (): boolean
  /** Deletes a part of it, `SWEEP_DELETIONS` at the most. Within a write transaction. */
  sweep (): void
}

/**
 * Deletes what has expired, in the background and in bounded parts.
 *
 * @returns stops it
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
        // Stopped; or the store can't be written, which shows in appends, and the next round tries again.
      }
    }
  }

  keepSweeping()
  return () => stop.abort()
}
