import type { Test } from 'tap'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import type { Retention } from '../../../services/run-log/retention.ts'
import { ROOMY } from '../../services/run-log/contract/support.ts'

/** A clock for tests, in milliseconds since 1970. */
export interface Clock {
  readonly now: () => number
  step (ms: number): void
}

/** A clock that stands still unless it is stepped. */
function makeClock (): Clock {
  let ms = Date.now()
  return { now: () => ms, step: (by) => { ms += by } }
}

/** Opens an embedded log that is closed at the end of the test. */
export async function openLog (t: Test, { directory = t.testdir(), clock = makeClock(), retention = ROOMY }: { directory?: string, clock?: Clock, retention?: Retention } = {}) {
  const log = createEmbeddedRunLog({ directory, retention, minFreeBytes: 0, now: clock.now })
  await log.open()
  t.teardown(() => log.close())
  return { log, directory, clock }
}
