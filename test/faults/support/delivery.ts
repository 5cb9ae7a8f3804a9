import type { Test } from 'tap'
import { check } from './checker.ts'
import type { Allowances, LogCopy } from './evidence.ts'
import type { Publisher } from './publisher.ts'
import { waitForCursor, type Reader } from './reader.ts'
import { copyLog } from './run-log-copy.ts'

/** The address of a run's stream. */
export function streamOf (url: string, runId: string): string {
  return `${url}/api/v1/workflow-runs/${runId}/stream`
}

export interface Delivery {
  /** A service that reads the log now. */
  readonly url: string
  readonly runId: string
  readonly publishers: readonly Publisher[]
  readonly readers: readonly Reader[]
  readonly allowances?: Allowances
  /** The time that the readers may take to come to the end, in milliseconds; by default 20 s. */
  readonly timeoutMs?: number
}

/**
 * Ends the publishing, waits until all readers are at the end of the log, and asserts that the guarantee held.
 *
 * @returns the log
 */
export async function proveDelivery (t: Test, { url, runId, publishers, readers, allowances, timeoutMs }: Delivery): Promise<LogCopy> {
  await Promise.all(publishers.map((publisher) => publisher.stop()))
  const log = await copyLog(url, runId)
  await waitForCursor(readers, log.last, timeoutMs)
  const acknowledged = publishers.flatMap((publisher) => publisher.acknowledged)
  t.same(check({ acknowledged, log, readings: readers }, allowances).slice(0, 20), [], `run ${runId}: ${log.events.length} events, ${readers.length} readers`)
  return log
}
