import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '@runcast/protocol'
import type { EventLimits } from '../events/event-fields.ts'
import type { Logger } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'
import { within } from '../redis/persist.ts'
import { createIngestClaims } from '../run-log/redis/ingest-claims.ts'
import type { RunLog } from '../run-log/run-log.ts'
import { DroppedMessages } from './dropped-messages.ts'
import { listeningNode } from './input-connection.ts'
import { IngestMembership, STOP_TIMEOUT_MS, type IngestContext, type IngestRole } from './membership.ts'

/** The waits before this process takes part again. */
const BACKOFF = { baseMs: 50, maxMs: 2_000 }

export interface IngestOptions {
  readonly connections: RedisConnections
  readonly keys: RedisKeys
  /** The run log in the same Redis. */
  readonly runLog: RunLog
  readonly limits: EventLimits
  /** The life of a run after its last event, in seconds. */
  readonly ttlSeconds: number
  /** The grace of a finished run, in milliseconds. */
  readonly graceMs: number
  readonly logger: Logger
  /** The life of the lease without a renewal, in milliseconds; 1,500 when left out. */
  readonly leaseMs?: number
}

export interface IngestStats {
  readonly role: IngestRole
  /** True while every plain PUBLISH reaches this process. */
  readonly isListening: boolean
  /** Messages that wait until this process or another has stored them. */
  readonly waiting: number
  /** Messages that this process stored (`stored`), and messages that it dropped, by reason. */
  readonly totals: Readonly<Record<string, number>>
  /** Faults of messages that this process stored all the same, by their names. */
  readonly mended: Readonly<Record<string, number>>
}

/** The ingest of plain PUBLISH in one process. */
export interface Ingest {
  /** Begins to listen, and keeps trying while Redis is away. */
  start (): void
  /** Stores the messages that have arrived, for up to 1.5 s, releases the lease and ends. */
  stop (): Promise<void>
  stats (): IngestStats
}

/**
 * Makes the ingest of plain PUBLISH. Every process listens (`input-connection.ts`), and one of them holds a lease
 * (`lease.ts`). The holder appends to the run log (`appender.ts`). The others keep each message until it is
 * acknowledged (`run-queues.ts`), so that any of them can take over without losing or doubling one. Each connection
 * is one membership (`membership.ts`); a process that lost its connection joins again.
 */
export function createIngest ({ leaseMs = 1_500, logger, ttlSeconds, ...options }: IngestOptions): Ingest {
  const dropped = new DroppedMessages(logger, () => performance.now())
  const stopping = new AbortController()
  const mended = new Map<string, number>()
  let stored = 0
  let membership: IngestMembership | null = null
  let running: Promise<void> = Promise.resolve()
  /** Resolves when earlier memberships have nothing left to append. */
  let unfinished: Promise<void> = Promise.resolve()
  /** True when this process has had every message that is not stored: it was the holder until now, or there was none. */
  let knowsAll = true

  const context: IngestContext = {
    ...options,
    claim: createIngestClaims(options.connections.command, options.keys, ttlSeconds),
    dropped,
    logger,
    complain: throttledLog((fields, message) => logger.warn(fields, message), 5_000),
    onStored: (count) => { stored += count },
    onMended: (faults) => { for (const fault of faults) mended.set(fault, (mended.get(fault) ?? 0) + 1) },
    leaseMs,
    tickMs: leaseMs / 5
  }

  async function run (): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      // A Cluster client may not know the nodes yet.
      const subscribed = listeningNode(options.connections, options.keys) !== null && await takePart()
      failures = subscribed ? 0 : failures + 1
      await delay(backoffMs(failures, BACKOFF), undefined, { signal: stopping.signal }).catch(() => { /* The ingest stops. */ })
    }
    await within(STOP_TIMEOUT_MS, unfinished).catch(() => { /* Redis is away: the messages that wait are lost with this process. */ })
  }

  /** @returns whether the process was subscribed at all */
  async function takePart (): Promise<boolean> {
    membership = new IngestMembership(context, unfinished, knowsAll)
    const subscribed = await membership.run()
    knowsAll = membership.role === 'holder' || (knowsAll && !subscribed)
    unfinished = Promise.all([unfinished, membership.finish()]).then(() => {})
    return subscribed
  }

  return {
    start () {
      running = run()
    },
    async stop () {
      stopping.abort()
      await membership?.stop()
      await running
    },
    stats: () => ({
      role: membership?.role ?? 'joining',
      isListening: membership?.isListening ?? false,
      waiting: membership?.waiting ?? 0,
      totals: { ...dropped.counts, stored },
      mended: Object.fromEntries(mended)
    })
  }
}
