import type { Health, HealthReason } from '../schemas/health.ts'
import type { Logger } from './logging/logger.ts'
import type { ProblemError } from './problems/problem-error.ts'
import { DiskFullError, RedisFullError } from './problems/storage-errors.ts'
import { refusalOf, type RefusalReason } from './redis/refusals.ts'

/** The time between two checks when nobody asks, in milliseconds. */
const INTERVAL_MS = 2_000

/** A refusal after work counts from this age on, in milliseconds: a failover has a moment in which Redis is read-only. */
const PATIENCE_MS = 3_000

/** A fault that may pass is logged from this age on, in milliseconds. */
const LOGGED_AFTER_MS = 1_000

const DETAILS: Readonly<Record<HealthReason, string>> = {
  draining: 'The service is about to stop.',
  redis_read_only: 'Redis refuses writes, since it is a replica. Let REDIS_URL lead to the primary, or use REDIS_SENTINELS.',
  redis_wrong_password: 'Redis refuses the user or the password of REDIS_URL.',
  redis_not_permitted: 'The Redis user of REDIS_URL may not use all commands, keys and channels that the service needs.',
  redis_input_channels: 'The Redis user of REDIS_URL may not subscribe to the input channels, so that every plain PUBLISH is lost. Permit the channels, or set INGEST_PUBSUB=false.',
  redis_unsupported: 'Redis does not know a command, a database or the Cluster mode that the service was told to use.',
  storage_unreachable: 'The store does not answer.',
  storage_full: 'The store is full: events can be read, but none is taken.',
  live_channels_unreachable: 'The connection for live messages is away: streams get events late, by reading the log.',
  input_channels_unreachable: 'The connection for plain PUBLISH is away.',
  process_not_ready: 'Another process of this service is not ready, or does not answer.'
}

/** The parts of the service that a check looks at. */
export interface ReadinessParts {
  /** Writes to the store; gives null or the fault. Never rejects. */
  readonly probe: () => Promise<ProblemError | null>
  /** The refusal of any connection to Redis; null when there is none. */
  readonly findRefusal: () => RefusalReason | null
  /** Tells if live messages arrive. */
  readonly isConnected: () => boolean
  /** Tells if plain PUBLISH messages arrive, or need not. */
  readonly isListening: () => boolean
  readonly isLeaving: () => boolean
  readonly logger: Logger
}

/** The readiness of this process. */
export interface Readiness {
  /** Checks now, together with others who ask meanwhile. Never rejects. */
  check (): Promise<Health>
  /** The outcome of the last check. */
  current (): Health
  /** Checks by itself from now on, so that metrics and log are right when nobody asks. */
  start (): void
  stop (): void
}

/** The state of a process that is ready beside one that is not. */
export const OTHER_NOT_READY: Health = stateOf('unavailable', 'process_not_ready')

/** Tells if a state lets a gateway send requests. */
export function isReady ({ status }: Health): boolean {
  return status === 'ok' || status === 'degraded'
}

/**
 * Makes the readiness of a process. It becomes ready once it could write and both kinds of channels were heard. After
 * that only a refusal takes readiness away. An outage does not, since it would take every process out of the gateway at
 * once, whose 503 is final for EventSource.
 */
export function createReadiness ({ probe, findRefusal, isConnected, isListening, isLeaving, logger }: ReadinessParts): Readiness {
  let hasServed = false
  let health: Health = stateOf('unavailable', 'storage_unreachable')
  let fault: { readonly reason: HealthReason, readonly since: number, isLogged: boolean } | null = null
  let refused: { readonly reason: RefusalReason | null, readonly at: number } = { reason: null, at: -Infinity }
  let checking: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined

  async function judge (): Promise<void> {
    const problem = await probe()
    const refusal = refusedNow(problem)
    const reason = refusal ?? faultOf(problem)
    if (reason === null) {
      if (fault?.isLogged === true) logger.info({}, 'The service works again')
      hasServed = true
      fault = null
      health = { status: 'ok' }
      return
    }
    if (fault?.reason !== reason) fault = { reason, since: performance.now(), isLogged: false }
    const age = performance.now() - fault.since
    health = stateOf(hasServed && (refusal === null || age < PATIENCE_MS) ? 'degraded' : 'unavailable', reason)
    if (fault.isLogged || isLeaving() || (age < LOGGED_AFTER_MS && (refusal === null || hasServed))) return
    fault.isLogged = true
    logger.warn({ reason, err: problem?.cause ?? problem }, DETAILS[reason])
  }

  /** A refused write ends the connection, so that the next check may find it away: the refusal stands meanwhile. */
  function refusedNow (problem: ProblemError | null): RefusalReason | null {
    const reason = refusalOf(problem) ?? findRefusal()
    if (reason !== null) refused = { reason, at: performance.now() }
    else if (problem === null || performance.now() - refused.at > PATIENCE_MS) return null
    return refused.reason
  }

  function faultOf (problem: ProblemError | null): HealthReason | null {
    if (problem instanceof DiskFullError || problem instanceof RedisFullError) return 'storage_full'
    if (problem !== null) return 'storage_unreachable'
    if (!isConnected()) return 'live_channels_unreachable'
    return isListening() ? null : 'input_channels_unreachable'
  }

  const current = () => isLeaving() ? stateOf('draining', 'draining') : health
  const check = async () => {
    checking ??= judge().finally(() => { checking = null })
    await checking
    return current()
  }
  return {
    check,
    current,
    start () {
      timer ??= setInterval(check, INTERVAL_MS).unref()
    },
    stop () {
      clearInterval(timer)
    }
  }
}

function stateOf (status: Health['status'], reason: HealthReason): Health {
  return { status, reason, detail: DETAILS[reason] }
}
