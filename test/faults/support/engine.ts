import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Test } from 'tap'
import { redisKeys } from '../../../services/redis/keys.ts'
import { numberedPayload } from './event-names.ts'

/** An engine that plainly PUBLISHes numbered events and gets no answer. */
export interface Engine {
  /** The names of the events that Redis took, in order. */
  readonly sent: readonly string[]
  /** Resolves when nothing is on its way any more. */
  stop (): Promise<void>
}

/** The time between two of its events, in milliseconds. */
const INTERVAL_MS = 10

/** Starts to PUBLISH to a run, so many events a second; ended at the test's teardown. */
export function startEngine (t: Pick<Test, 'teardown'>, redis: Redis, runId: string, perSecond: number, name = 'engine'): Engine {
  const channel = redisKeys('workflow_run_events', 0).input(runId)
  const sent: string[] = []
  const stopping = new AbortController()
  const startedAt = performance.now()
  const run = async () => {
    for (let n = 1; !stopping.signal.aborted;) {
      const due = Math.floor((performance.now() - startedAt) * perSecond / 1_000)
      const published: Array<Promise<unknown>> = []
      for (; n <= due; n++) {
        sent.push(`${name}/${n}`)
        published.push(redis.publish(channel, `{"event_type":"log","payload":${numberedPayload(name, n)}}`))
      }
      await Promise.all(published)
      await delay(INTERVAL_MS)
    }
  }
  const running = run()
  running.catch(() => {})
  t.teardown(() => stopping.abort())
  return {
    sent,
    async stop () {
      stopping.abort()
      await running
    }
  }
}
