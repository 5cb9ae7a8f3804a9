import { setTimeout as delay } from 'node:timers/promises'
import { isRunId } from '@runcast/protocol'
import type { Mended } from '../events/channel-message.ts'
import type { EventLimits } from '../events/event-fields.ts'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'
import type { ClaimRun } from '../run-log/redis/ingest-claims.ts'
import { within } from '../redis/persist.ts'
import type { RunLog } from '../run-log/run-log.ts'
import type { LogLine, Logger } from '../logging/logger.ts'
import { readAcknowledgement } from './acknowledgement.ts'
import { Appender } from './appender.ts'
import type { DroppedMessages } from './dropped-messages.ts'
import { InputConnection } from './input-connection.ts'
import { Lease } from './lease.ts'
import { readRawMessage } from './raw-message.ts'
import { MAX_REFUSAL_BYTES, refusalOf, type PendingRefusal } from './refusals.ts'
import { RunQueues, type PendingMessage } from './run-queues.ts'

/** The parts of the ingest that outlive a connection: every membership of one process uses them. */
export interface IngestContext {
  readonly connections: RedisConnections
  readonly keys: RedisKeys
  readonly runLog: RunLog
  readonly claim: ClaimRun
  readonly limits: EventLimits
  /** The grace of a finished run, in milliseconds. */
  readonly graceMs: number
  readonly dropped: DroppedMessages
  /** Takes the faults of a message that is stored all the same. */
  readonly onMended: (faults: ReadonlySet<Mended>) => void
  readonly logger: Logger
  /** Logs faults that repeat. */
  readonly complain: LogLine
  readonly onStored: (count: number) => void
  /** The life of the lease without a renewal, in milliseconds. */
  readonly leaseMs: number
  /** The time between two checks of the connection and renewals of the lease, in milliseconds. */
  readonly tickMs: number
}

/** A `holder` of the lease appends; a `standby` keeps messages until the holder has; a `joining` process knows of no holder yet. */
export type IngestRole = 'joining' | 'standby' | 'holder'

/** A standby drops messages that no process has stored within this time, in milliseconds. */
const STANDBY_WINDOW_MS = 10_000

/** The most bytes of messages that wait. */
const MAX_WAITING_BYTES = 67_108_864

/** The part of a finished run's grace in which it shows refusals, so that none comes after the end of its streams. */
const REMARK_SHARE = 0.75

/** The longest time that a stop waits for messages to be stored, in milliseconds. */
export const STOP_TIMEOUT_MS = 1_500

/** The longest time that an acknowledgement takes between two nodes of a Cluster, in milliseconds. */
const CLUSTER_LAG_MS = 1_000

/** The name under which a refusal to subscribe is noted. */
const INPUT_CHANNELS = 'input channels'

const now = () => performance.now()

/**
 * A process takes part in the ingest as long as its connection lives. It competes for the lease. As the holder it
 * appends every message that arrives; as a standby it keeps the messages until they are acknowledged.
 */
export class IngestMembership {
  readonly #context: IngestContext
  readonly #input: InputConnection
  readonly #lease: Lease
  readonly #queues = new RunQueues<PendingMessage>(MAX_WAITING_BYTES, now)
  readonly #refusals = new RunQueues<PendingRefusal>(MAX_REFUSAL_BYTES, now)
  #earlierIsDone = false
  /** True when it may take the lease at once, because no other process can have messages that this one lacks. */
  #mayHurry: boolean
  #subscribedAt = Infinity
  /** The start of the time as a standby, by the monotonic clock; Infinity otherwise. */
  #standbySince = Infinity
  /** Appends while this process holds the lease; null otherwise. */
  #appender: Appender | null = null
  #isStopping = false

  /**
   * @param earlier resolves when earlier memberships of this process have nothing left to append
   * @param knowsAll whether no process that has stopped listening can have messages that this one lacks
   */
  constructor (context: IngestContext, earlier: Promise<void>, knowsAll: boolean) {
    const { connections, keys, leaseMs } = context
    this.#context = context
    this.#mayHurry = knowsAll
    this.#lease = new Lease(connections.command, keys, leaseMs)
    this.#input = new InputConnection(connections, keys, {
      onMessage: (channel, raw) => this.#receive(channel, raw),
      onAcknowledgement: (text) => this.#acknowledge(text)
    })
    earlier.finally(() => { this.#earlierIsDone = true })
  }

  get role (): IngestRole {
    if (this.#appender !== null) return 'holder'
    return this.#standbySince < Infinity ? 'standby' : 'joining'
  }

  /** True while every plain PUBLISH reaches this process. */
  get isListening (): boolean {
    return this.#subscribedAt < Infinity && !this.#input.ended.aborted
  }

  /** The number of messages that wait until this process or another has stored them. */
  get waiting (): number {
    return this.#queues.size
  }

  /**
   * Subscribes and takes part until the connection breaks or `stop()`.
   *
   * @returns whether it was subscribed at all
   */
  async run (): Promise<boolean> {
    const { ended } = this.#input
    const { refusals } = this.#context.connections
    try {
      const isAlone = await this.#input.open()
      refusals.clear(INPUT_CHANNELS)
      this.#mayHurry &&= isAlone
      this.#subscribedAt = now()
      while (!ended.aborted) {
        await this.#tick()
        await delay(this.#context.tickMs, undefined, { signal: ended }).catch(() => { /* The connection has ended. */ })
      }
    } catch (error) {
      if (!ended.aborted && !refusals.note(INPUT_CHANNELS, error, 'redis_input_channels')) this.#context.complain({ err: error }, 'The ingest of plain PUBLISH cannot subscribe')
      this.#input.end()
    }
    return this.#subscribedAt < Infinity
  }

  /** Appends the messages that wait, unless another process takes over, and releases the lease. */
  async finish (): Promise<void> {
    await this.#appender?.idle()
    await this.#stepDown()
  }

  /** Appends the messages that wait, for up to STOP_TIMEOUT_MS, releases the lease, and only then ends the connection. */
  async stop (): Promise<void> {
    this.#isStopping = true
    await within(STOP_TIMEOUT_MS, this.finish()).catch(() => this.#stepDown())
    this.#input.end()
  }

  async #tick (): Promise<void> {
    try {
      const heard = await this.#input.probe(this.#context.leaseMs)
      if (heard === false || this.#input.isMisplaced) this.#input.end()
      if (heard !== true || this.#input.ended.aborted) return
      if (this.#appender === null) await this.#compete()
      else if (!await this.#lease.renew()) await this.#stepDown()
      // A deposed holder keeps its messages for a full window, so that its successor has time to store them.
      const forgetBefore = now() - this.#standbySince >= STANDBY_WINDOW_MS ? now() - STANDBY_WINDOW_MS : -Infinity
      this.#queues.forget(forgetBefore)
      this.#refusals.forget(forgetBefore)
    } catch (error) {
      this.#context.complain({ err: error }, 'The ingest of plain PUBLISH cannot reach Redis')
    }
  }

  async #compete (): Promise<void> {
    if (this.#isStopping || !this.#earlierIsDone || !this.#isItsTurn()) return
    const token = await this.#lease.take()
    if (token === null) {
      this.#standBy()
    } else if (await this.#input.probe(this.#context.leaseMs) && !this.#isStopping && !this.#input.ended.aborted) {
      this.#becomeHolder(token)
    } else {
      await this.#lease.release()
    }
  }

  /** @returns whether it has every message that a dead holder can have left, as one has that has listened for longer than a lease lasts */
  #isItsTurn (): boolean {
    const { leaseMs, tickMs } = this.#context
    return this.#mayHurry || now() - this.#subscribedAt >= leaseMs + 2 * tickMs
  }

  #becomeHolder (token: number): void {
    const { connections, runLog, claim, logger, dropped, graceMs, onStored } = this.#context
    const appender = new Appender({
      queues: this.#queues,
      refusals: this.#refusals,
      remarkWithinMs: graceMs * REMARK_SHARE,
      runLog,
      claim,
      token,
      // A token is at least the time at which it was given. Earlier acknowledgements have arrived with the probe.
      sinceMs: token - Math.min(connections.sharded ? CLUSTER_LAG_MS : 0, Math.floor(now() - this.#subscribedAt)),
      logger,
      onStored,
      onFenced: () => { if (this.#appender === appender) this.#stepDown() },
      onDropped: (reason, runId, messages) => {
        for (const message of messages) this.#refuse(runId, refusalOf(message, reason, reason === 'idempotency_conflict' ? 'event_id' : null))
      },
      onUntold: (runId, [refusal]) => { if (refusal !== undefined) dropped.log(refusal.reason, runId) }
    })
    this.#appender = appender
    this.#standbySince = Infinity
    logger.info({ token, waiting: this.#queues.size }, 'This process stores plain PUBLISH messages now')
    for (const runId of this.#queues.waiting()) appender.wake(runId)
    if (this.#refusals.size > 0) appender.gatherRefusals()
  }

  async #stepDown (): Promise<void> {
    if (this.#appender === null) return
    this.#appender.stop()
    this.#appender = null
    this.#standBy()
    await this.#lease.release().catch(() => { /* The lease runs out by itself. */ })
  }

  #standBy (): void {
    this.#standbySince = Math.min(this.#standbySince, now())
  }

  #acknowledge (text: string): void {
    const acknowledgement = readAcknowledgement(text)
    if (acknowledgement === null) return
    const { run, token, hashes, last } = acknowledgement
    if (this.#appender !== null && token > this.#appender.token) this.#stepDown()
    this.#queues.acknowledge(run, hashes, last)
    this.#refusals.acknowledge(run, hashes, last)
  }

  #receive (channel: string, raw: Buffer): void {
    const { keys, limits, dropped, onMended } = this.#context
    const runId = channel.slice(keys.prefix.length + 1)
    // The holder counts the same message.
    const counts = this.role !== 'standby'
    if (!isRunId(runId)) {
      if (counts) dropped.count('invalid_run_id')
      if (counts) dropped.log('invalid_run_id', runId)
      return
    }
    const read = readRawMessage(raw, limits, now())
    if ('refusal' in read) return this.#refuse(runId, read.refusal)
    if (!this.#queues.add(runId, read.message)) return this.#refuse(runId, refusalOf(read.message, 'overflow', null))
    if (counts) onMended(read.mended)
    this.#appender?.wake(runId)
  }

  /** Counts a message that can not be stored, and keeps its refusal until the run shows it. */
  #refuse (runId: string, refusal: PendingRefusal): void {
    const { dropped } = this.#context
    const { reason } = refusal
    if (this.role !== 'standby') dropped.count(reason)
    if (this.#refusals.add(runId, refusal)) this.#appender?.gatherRefusals()
    else if (this.role !== 'standby') dropped.log(reason, runId)
  }
}
