import { hash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { RUN_ID_PATTERN } from '@runcast/protocol'
import keySlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import { EventError } from '../events/event-error.ts'
import { decodeUtf8, parseChannelMessage, type EventLimits } from '../events/parse-events.ts'
import type { Logger, LogLine } from '../logging/logger.ts'
import { primaryOf } from '../redis/cluster-primary.ts'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'
import { within } from '../redis/persist.ts'
import type { ClaimRun } from '../run-log/redis/ingest-claims.ts'
import type { RunLog } from '../run-log/run-log.ts'
import { readAcknowledgement } from './acknowledgement.ts'
import { Appender } from './appender.ts'
import { Lease } from './lease.ts'
import type { Refusals } from './refusals.ts'
import { RunQueues } from './run-queues.ts'

/** What all sessions of one process share. */
export interface SessionContext {
  readonly connections: RedisConnections
  readonly keys: RedisKeys
  readonly runLog: RunLog
  readonly claim: ClaimRun
  readonly limits: EventLimits
  readonly refusals: Refusals
  readonly logger: Logger
  /** For faults that repeat. */
  readonly complain: LogLine
  readonly onStored: (count: number) => void
  /** How long the lease lasts without being renewed, in milliseconds. */
  readonly leaseMs: number
  /** How often a session makes sure of its connection and of the lease, in milliseconds. */
  readonly tickMs: number
}

/** `holder` stores messages, `standby` keeps them since another process stores them, `joining` does not know yet. */
export type IngestRole = 'joining' | 'standby' | 'holder'

/** Messages that another process has not stored within this time are not kept longer, in milliseconds. */
const STANDBY_WINDOW_MS = 10_000

/** The most bytes of messages that wait. */
const MAX_WAITING_BYTES = 67_108_864

/** A message this much larger than its payload may be is not even read. */
const ENVELOPE_BYTES = 65_536

/** As much as a sample's characters can take. */
const SAMPLE_BYTES = 800

/** What a message costs beside its text, in bytes. */
const MESSAGE_OVERHEAD_BYTES = 200

/** How long a stop waits for what is left to be stored, in milliseconds. */
export const STOP_TIMEOUT_MS = 1_500

/** In Cluster an acknowledgement may take this long from the node of its run, in milliseconds. */
const CLUSTER_LAG_MS = 1_000

const RUN_ID = new RegExp(RUN_ID_PATTERN)

const now = () => performance.now()

/**
 * Where to listen. In Cluster all processes listen at one node, so that every message reaches all of them before
 * anyone can append and acknowledge it.
 *
 * @returns `host:port`; null when the Cluster is not known yet; undefined when Redis is no Cluster
 */
export function listeningNode ({ command }: RedisConnections, keys: RedisKeys): string | null | undefined {
  return command instanceof Cluster ? primaryOf(command, keySlot(keys.lease)) : undefined
}

/**
 * The life of one subscriber connection, on which all raw messages and all acknowledgements arrive in order. Without
 * the lease a session keeps what is not acknowledged; with it, it appends.
 */
export class IngestSession {
  readonly #context: SessionContext
  readonly #node: string | null | undefined
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #queues: RunQueues
  readonly #probeChannel: string
  readonly #ending = new AbortController()
  #earlierIsDone = false
  /** Whether this session may take the lease at once: no other process knows of messages that it does not. */
  #mayHurry: boolean
  #subscribedAt = Infinity
  #role: IngestRole = 'joining'
  /** By the monotonic clock; Infinity while it is no standby. Until others had their time, all that a holder had is kept. */
  #standbySince = Infinity
  #appender: Appender | null = null
  #isStopping = false
  #probe: { readonly text: string, readonly settle: (heard: boolean) => void } | null = null

  /**
   * @param earlier resolves when earlier sessions of this process have nothing left to append
   * @param knowsAll whether no other process that isn't listening now can know of messages that this one does not
   */
  constructor (context: SessionContext, earlier: Promise<void>, knowsAll: boolean) {
    const { connections, keys, leaseMs } = context
    this.#context = context
    this.#mayHurry = knowsAll
    this.#node = listeningNode(connections, keys)
    this.#redis = connections.subscriber('ingest', { once: true, ...(typeof this.#node === 'string' && { node: this.#node }) })
    this.#lease = new Lease(connections.command, keys, leaseMs)
    this.#queues = new RunQueues(MAX_WAITING_BYTES, now)
    this.#probeChannel = `${keys.acks}:probe:${randomUUID()}`
    earlier.finally(() => { this.#earlierIsDone = true })
    this.#ending.signal.addEventListener('abort', () => {
      this.#probe?.settle(false)
      this.#redis.disconnect()
    })
  }

  get role (): IngestRole {
    return this.#role
  }

  /** How many messages wait to be stored, by this process or another. */
  get waiting (): number {
    return this.#queues.size
  }

  /**
   * Subscribes and takes its part until the connection breaks or `stop()`.
   *
   * @returns whether it was subscribed at all
   */
  async run (): Promise<boolean> {
    try {
      await this.#subscribe()
      while (!this.#ending.signal.aborted) {
        await this.#tick()
        await delay(this.#context.tickMs, undefined, { signal: this.#ending.signal }).catch(() => { /* It ends. */ })
      }
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#context.complain({ err: error }, 'The ingest of plain PUBLISH can not subscribe')
      this.#ending.abort()
    }
    return this.#subscribedAt < Infinity
  }

  /** Appends what has arrived, as long as no other process has taken over, and passes the lease on. */
  async finish (): Promise<void> {
    await this.#appender?.idle()
    await this.#stepDown()
  }

  /** Ends the session: appends what has arrived, for a while, passes the lease on, and only then stops listening. */
  async stop (): Promise<void> {
    this.#isStopping = true
    await within(STOP_TIMEOUT_MS, this.finish()).catch(() => this.#stepDown())
    this.#ending.abort()
  }

  async #subscribe (): Promise<void> {
    const { keys } = this.#context
    const redis = this.#redis
    redis.on('end', () => this.#ending.abort())
    redis.on('message', (channel: string, text: string) => {
      if (channel === keys.acks) this.#acknowledge(text)
      else if (text === this.#probe?.text) this.#probe.settle(true)
    })
    redis.on('pmessageBuffer', (_pattern: unknown, channel: Buffer, message: Buffer) => this.#receive(channel.toString(), message))
    await redis.connect()
    const [, listeners] = await redis.pubsub('NUMSUB', keys.acks)
    this.#mayHurry &&= listeners === 0
    // Acknowledgements first: of every message that arrives, the acknowledgement must arrive too.
    await redis.subscribe(keys.acks, this.#probeChannel)
    await redis.psubscribe(keys.inputPattern)
    this.#subscribedAt = now()
  }

  async #tick (): Promise<void> {
    try {
      const heard = await this.#hears()
      if (heard === false || listeningNode(this.#context.connections, this.#context.keys) !== this.#node) this.#ending.abort()
      if (heard !== true || this.#ending.signal.aborted) return
      if (this.#appender === null) await this.#compete()
      else if (!await this.#lease.renew()) await this.#stepDown()
      this.#queues.forget(now() - this.#standbySince >= STANDBY_WINDOW_MS ? now() - STANDBY_WINDOW_MS : -Infinity)
    } catch (error) {
      this.#context.complain({ err: error }, 'The ingest of plain PUBLISH can not reach Redis')
    }
  }

  /**
   * Sends a probe. When it comes back, everything that was published before has arrived.
   *
   * @returns whether it came back, or null when it could not be sent, which proves nothing
   */
  async #hears (): Promise<boolean | null> {
    const text = randomUUID()
    const timeout = new AbortController()
    const heard = new Promise<boolean>((resolve) => { this.#probe = { text, settle: resolve } })
    try {
      await this.#context.connections.command.publish(this.#probeChannel, text)
      const silence = delay(this.#context.leaseMs, false, { signal: timeout.signal }).catch(() => false)
      return await Promise.race([heard, silence])
    } catch {
      return null
    } finally {
      timeout.abort()
      this.#probe = null
    }
  }

  async #compete (): Promise<void> {
    if (this.#isStopping || !this.#earlierIsDone || !this.#isItsTurn()) return
    const token = await this.#lease.take()
    if (token === null) {
      this.#standBy()
    } else if (await this.#hears() && !this.#isStopping && !this.#ending.signal.aborted) {
      this.#begin(token)
    } else {
      await this.#lease.release()
    }
  }

  /** Whoever has listened for longer than a lease lasts knows all that a dead holder may have left; others let those go first. */
  #isItsTurn (): boolean {
    const { leaseMs, tickMs } = this.#context
    return this.#mayHurry || now() - this.#subscribedAt >= leaseMs + 2 * tickMs
  }

  #begin (token: number): void {
    const { connections, runLog, claim, logger, refusals, onStored } = this.#context
    const appender = new Appender({
      queues: this.#queues,
      runLog,
      claim,
      token,
      // A token is at least the time when it was given, and what was acknowledged before that has arrived with the probe.
      sinceMs: token - Math.min(connections.sharded ? CLUSTER_LAG_MS : 0, Math.floor(now() - this.#subscribedAt)),
      logger,
      onStored,
      onFenced: () => { if (this.#appender === appender) this.#stepDown() },
      onDropped: (reason, runId, count) => refusals.note(reason, runId, null, count)
    })
    this.#appender = appender
    this.#role = 'holder'
    this.#standbySince = Infinity
    logger.info({ token, waiting: this.#queues.size }, 'This process stores plain PUBLISH messages now')
    for (const runId of this.#queues.waiting()) appender.wake(runId)
  }

  async #stepDown (): Promise<void> {
    if (this.#appender === null) return
    this.#appender.stop()
    this.#appender = null
    this.#standBy()
    await this.#lease.release().catch(() => { /* It runs out by itself. */ })
  }

  #standBy (): void {
    if (this.#role !== 'standby') this.#standbySince = now()
    this.#role = 'standby'
  }

  #acknowledge (text: string): void {
    const acknowledgement = readAcknowledgement(text)
    if (acknowledgement === null) return
    const { run, token, hashes, last } = acknowledgement
    if (this.#appender !== null && token > this.#appender.token) this.#stepDown()
    this.#queues.acknowledge(run, hashes, last)
  }

  #receive (channel: string, raw: Buffer): void {
    const runId = channel.slice(this.#context.keys.prefix.length + 1)
    const reason = RUN_ID.test(runId) ? this.#take(runId, raw) : 'invalid_run_id'
    // Another process does the same with the same message, and tells.
    if (reason !== null && this.#role !== 'standby') this.#context.refusals.note(reason, runId, raw.toString('utf8', 0, SAMPLE_BYTES))
  }

  /** @returns why the message is not taken, or null */
  #take (runId: string, raw: Buffer): string | null {
    const { limits } = this.#context
    if (raw.length > limits.maxEventBytes * 4 + ENVELOPE_BYTES) return 'event_too_large'
    try {
      const { event, tenant } = parseChannelMessage(decodeUtf8(raw), limits)
      const message = { hash: hash('sha1', raw, 'base64url'), event, tenant, bytes: raw.length + MESSAGE_OVERHEAD_BYTES, receivedAt: now() }
      if (!this.#queues.add(runId, message)) return 'overflow'
    } catch (error) {
      return error instanceof EventError ? error.code : 'unreadable'
    }
    this.#appender?.wake(runId)
    return null
  }
}
