import type { Test } from 'tap'
import { memoryLogger } from '../memory-logger.ts'
import { waitUntil } from '../wait-until.ts'
import { makeIngest } from './ingest-process.ts'

/** Starts an ingest that takes part until the test ends. */
export function joinIngest (t: Test, url: string, leaseMs = 20_000) {
  const logger = memoryLogger()
  const { ingest, connections, runLog } = makeIngest({ kind: 'standalone', url }, logger, leaseMs)
  t.teardown(async () => {
    await ingest.stop()
    await runLog.close()
    connections.command.disconnect()
  })
  ingest.start()
  return { ingest, logger, command: connections.command, holds: () => waitUntil('it holds the lease', () => ingest.stats().role === 'holder') }
}
