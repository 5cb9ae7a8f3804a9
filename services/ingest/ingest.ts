import { setTimeout as delay } from 'node:timers/promises'
import type { EventLimits } from '../events/parse-events.ts'
import type { Logger } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'
import { within } from '../redis/persist.ts'
import { createIngestClaims } from '../run-log/redis/ingest-claims.ts'
import type { RunLog } from '../run-log/run-log.ts'
import { Refusals } from './refusals.ts'
import { IngestSession, listeningNode, STOP_TIMEOUT_MS, type IngestRole, type SessionContext } from './session.ts'

export interface IngestOptions {
  readonly connections: RedisConnections
  readonly keys: RedisKeys
  /** The run log in the same Redis. */
  readonly runLog: RunLog
  readonly limits: EventLimits
  /** How long a run is kept after its last event, in seconds. */
  readonly ttlSeconds: number
  readonly logger: Logger
  /** How long the lease lasts without being renewed, in milliseconds; 1,500 when left out. */
  readonly leaseMs?: number
}

/** What the ingest has done so far. */
export interface IngestStats {
  readonly role: IngestRole
  /** Messages that wait to be stored, by this process or another. */
  readonly waiting: number
  /** Messages that this process stored (`stored`), and those that it did not, by the reason. */
  readonly totals: Readonly<Record<string, number>>
}

/** The ingest of plain PUBLISH in one process. */
export interface Ingest {
  /** Begins to listen, and keeps trying while Redis is away. */
  start (): void
  /** Stores what has arrived, for up to 1.5 s, passes the lease on and ends. */
  stop (): Promise<void>
  stats (): IngestStats
}

/**
 * Makes the ingest of what engines plainly PUBLISH: every process listens, one of them, the holder of a lease, appends
 * to the run log, and the others keep what is not acknowledged yet, so that any of them can take over without losing
 * or doubling a message.
 */
export function createIngest ({ leaseMs = 1_500, logger, ttlSeconds, ...options }: IngestOptions): Ingest {
  const refusals = new Refusals(logger, () => performance.now())
  const stopping = new AbortController()
  let stored = 0
  let session: IngestSession | null = null
  let running: Promise<void> = Promise.resolve()
  /** What earlier sessions still have to append. */
  let unfinished: Promise<void> = Promise.resolve()
  /** Whether this process has, or has had, all messages that nobody stored: it stored them until now, or nobody else did. */
  let knowsAll = true

  const context: SessionContext = {
    ...options,
    claim: createIngestClaims(options.connections.command, options.keys, ttlSeconds),
    refusals,
    logger,
    complain: throttledLog((fields, message) => logger.warn(fields, message), 5_000),
    onStored: (count) => { stored += count },
    leaseMs,
    tickMs: leaseMs / 5
  }

  async function run (): Promise<void> {
    let pauseMs = 0
    while (!stopping.signal.aborted) {
      // In Cluster the client may not know the nodes yet.
      const subscribed = listeningNode(options.connections, options.keys) !== null && await runSession()
      pauseMs = subscribed ? 25 : Math.min(1_000, pauseMs * 2 + 25)
      await delay(pauseMs * (0.5 + Math.random()), undefined, { signal: stopping.signal }).catch(() => { /* It ends. */ })
    }
    await within(STOP_TIMEOUT_MS, unfinished).catch(() => { /* Redis is away; what waits is lost with this process. */ })
  }

  /** @returns whether it was subscribed at all */
  async function runSession (): Promise<boolean> {
    session = new IngestSession(context, unfinished, knowsAll)
    const subscribed = await session.run()
    knowsAll = session.role === 'holder' || (knowsAll && !subscribed)
    unfinished = Promise.all([unfinished, session.finish()]).then(() => {})
    return subscribed
  }

  return {
    start () {
      running = run()
    },
    async stop () {
      stopping.abort()
      await session?.stop()
      await running
    },
    stats: () => ({ role: session?.role ?? 'joining', waiting: session?.waiting ?? 0, totals: { ...refusals.counts, stored } })
  }
}
