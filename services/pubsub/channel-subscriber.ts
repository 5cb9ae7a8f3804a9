// Replaces ioredis' autoResubscribe. After a killed connection that was back within 200 ms, but 42 of 273 messages were
// lost without an error. This class says which channels missed messages, so that their runs are read from the log.

import type { Redis } from 'ioredis'
import type { LogLine, Logger } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import type { Refusals } from '../redis/refusals.ts'

/** Receives the messages of the wanted channels and the state of all channels. Its functions must not throw. */
export interface SubscriberObserver {
  onMessage (channel: string, text: string): void
  /** From now on every message of these channels arrives. The probe channel may be among them. */
  onAcknowledged (channels: readonly string[]): void
  /** From now on messages of these channels may be missed. They were acknowledged before. */
  onLost (channels: readonly string[]): void
  /** Some channels have moved to another node of the Cluster. */
  onMoved (): void
}

export interface SubscriberOptions {
  /** A connection that is not connected yet and that this subscriber alone uses. */
  readonly redis: Redis
  /** True for shard channels. */
  readonly sharded: boolean
  /** A channel of this process alone, on which it hears its own probes. Never a shard channel. */
  readonly probeChannel: string
  readonly observer: SubscriberObserver
  /** Learns of subscriptions that Redis does not permit. */
  readonly refusals: Refusals
  readonly logger: Logger
}

/** The most channels that are subscribed or unsubscribed before the next acknowledgement. */
const CHUNK = 500

/** The wait before a refused subscription is tried again, in milliseconds. */
const REFUSED_PAUSE_MS = 1_000

/** The name under which refusals are noted. */
const LIVE_CHANNELS = 'live channels'

/** Channels that were subscribed together on the present connection. */
interface Batch {
  acknowledged: boolean
}

/**
 * Keeps one connection subscribed to the wanted channels. All changes of one turn of the event loop, or of the time in
 * which Redis still answers, go out together. A connection that comes back is subscribed to every wanted channel again.
 */
export class ChannelSubscriber {
  readonly #redis: Redis
  readonly #sharded: boolean
  readonly #probeChannel: string
  readonly #observer: SubscriberObserver
  readonly #refusals: Refusals
  readonly #log: LogLine
  readonly #wanted = new Set<string>()
  /** The channels that are subscribed on the present connection, each with its batch. */
  readonly #subscribed = new Map<string, Batch>()
  /** The channels that may have to be subscribed or unsubscribed. */
  readonly #changed = new Set<string>()
  #flushing = false
  #closed = false
  /** The time of the last arrival, by the monotonic clock. */
  #heardAt = 0

  constructor ({ redis, sharded, probeChannel, observer, refusals, logger }: SubscriberOptions) {
    this.#redis = redis
    this.#sharded = sharded
    this.#probeChannel = probeChannel
    this.#observer = observer
    this.#refusals = refusals
    this.#log = throttledLog((fields, message) => logger.warn(fields, message), 5_000)
    const hear = (channel: string, text: string) => {
      this.#heardAt = performance.now()
      if (channel !== probeChannel) observer.onMessage(channel, text)
    }
    redis.on('message', hear)
    redis.on('smessage', hear)
    redis.on('ready', () => this.#begin())
    redis.on('close', () => this.#loseAll())
    redis.on('moved', () => observer.onMoved())
    this.#wanted.add(probeChannel)
    redis.connect().catch(() => { /* The client keeps trying, and its errors are logged. */ })
  }

  /** True while the probe channel is acknowledged, so that messages arrive. */
  get live (): boolean {
    return this.#subscribed.get(this.#probeChannel)?.acknowledged ?? false
  }

  want (channel: string): void {
    this.#wanted.add(channel)
    this.#change(channel)
  }

  unwant (channel: string): void {
    this.#wanted.delete(channel)
    this.#change(channel)
  }

  /** Subscribes every wanted channel again on the same connection, for a node that dropped channels without naming them. */
  renew (): void {
    this.#observer.onLost(this.#forget())
    this.#scheduleFlush()
  }

  /**
   * Breaks a connection on which nothing has arrived since `since` (monotonic clock), so that it is made anew.
   *
   * @returns whether the connection was broken
   */
  restartIfSilent (since: number): boolean {
    // ioredis drops all messages once the last shard channel is gone, even those of the probe channel.
    const idle = this.#sharded && this.#subscribed.size === 1
    if (!this.live || idle || this.#heardAt >= since) return false
    this.#redis.disconnect(true)
    return true
  }

  close (): void {
    this.#closed = true
    this.#redis.disconnect()
  }

  #begin (): void {
    this.#heardAt = performance.now()
    this.#forget()
    this.#scheduleFlush()
  }

  #loseAll (): void {
    const lost = this.#forget()
    if (lost.length > 0) this.#observer.onLost(lost)
  }

  /** @returns the wanted channels that were acknowledged */
  #forget (): string[] {
    const acknowledged: string[] = []
    for (const [channel, batch] of this.#subscribed) if (batch.acknowledged && this.#wanted.has(channel)) acknowledged.push(channel)
    this.#subscribed.clear()
    for (const channel of this.#wanted) this.#changed.add(channel)
    return acknowledged
  }

  #change (channel: string): void {
    this.#changed.add(channel)
    this.#scheduleFlush()
  }

  #scheduleFlush (): void {
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(async () => {
      try {
        while (this.#changed.size > 0 && this.#redis.status === 'ready') await this.#flushChunk()
      } finally {
        this.#flushing = false
      }
    })
  }

  async #flushChunk (): Promise<void> {
    const batch: Batch = { acknowledged: false }
    const enter: string[] = []
    const leave: string[] = []
    const settled: string[] = []
    for (const channel of take(this.#changed, CHUNK)) {
      const present = this.#subscribed.get(channel)
      if (!this.#wanted.has(channel)) {
        if (present !== undefined) leave.push(channel)
        this.#subscribed.delete(channel)
      } else if (present === undefined) {
        enter.push(channel)
        this.#subscribed.set(channel, batch)
      } else if (present.acknowledged) settled.push(channel)
    }
    if (settled.length > 0) this.#observer.onAcknowledged(settled)
    const left = this.#send('unsubscribe', leave)
    const refused = new Set(await this.#send('subscribe', enter))
    await left
    this.#conclude(batch, enter, refused)
  }

  #conclude (batch: Batch, enter: readonly string[], refused: ReadonlySet<string>): void {
    this.#heardAt = performance.now()
    batch.acknowledged = true
    const acknowledged: string[] = []
    const again: string[] = []
    for (const channel of enter) {
      // The connection broke, or the channel was unsubscribed meanwhile.
      if (this.#subscribed.get(channel) !== batch) continue
      if (refused.has(channel)) {
        this.#subscribed.delete(channel)
        again.push(channel)
      } else if (this.#wanted.has(channel)) acknowledged.push(channel)
    }
    if (acknowledged.length > 0) this.#observer.onAcknowledged(acknowledged)
    if (again.length > 0) setTimeout(() => again.forEach((channel) => this.#change(channel)), REFUSED_PAUSE_MS).unref()
  }

  /** @returns the channels whose command failed */
  async #send (verb: 'subscribe' | 'unsubscribe', channels: readonly string[]): Promise<readonly string[]> {
    if (channels.length === 0) return []
    if (!this.#sharded) return await this.#outcome(this.#redis[verb](...channels), channels)
    // One command per channel, because the channels of one command must share a slot.
    const failed = await Promise.all(channels.map((channel) =>
      this.#outcome(this.#redis[channel === this.#probeChannel ? verb : `s${verb}` as const](channel), [channel])))
    return failed.flat()
  }

  async #outcome (command: Promise<unknown>, channels: readonly string[]): Promise<readonly string[]> {
    try {
      await command
      this.#refusals.clear(LIVE_CHANNELS)
      return []
    } catch (error) {
      const isRefused = this.#refusals.note(LIVE_CHANNELS, error)
      if (!isRefused && !this.#closed && this.#redis.status === 'ready') this.#log({ err: error }, 'Redis refused a subscription')
      return channels
    }
  }
}

function take<T> (set: Set<T>, count: number): T[] {
  const taken: T[] = []
  for (const item of set) {
    if (taken.length === count) break
    taken.push(item)
    set.delete(item)
  }
  return taken
}
