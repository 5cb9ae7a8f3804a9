// Our own, because ioredis' subscribers do not count listeners, do not notice a connection that is silently dead, and
// do not say which channels missed messages while they were away (see channel-subscriber.ts, sharded-subscribers.ts).

import { randomUUID } from 'node:crypto'
import { RUN_ID_PATTERN } from '@runcast/protocol'
import { Cluster } from 'ioredis'
import type { Logger, LogLine } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'
import { parseLiveMessage } from '../run-log/live-message.ts'
import { UnavailableError } from '../problems/storage-errors.ts'
import { ChannelSubscriber } from './channel-subscriber.ts'
import type { ChangeListener, LiveChannels, LiveListener } from './live-channels.ts'
import { ShardedSubscribers } from './sharded-subscribers.ts'
import { Subscription } from './subscription.ts'

export interface RedisPubSubManagerOptions {
  readonly connections: RedisConnections
  readonly keys: RedisKeys
  /** The time between two probes, in milliseconds. A dead connection is found within two of them. */
  readonly probeIntervalMs: number
  readonly logger: Logger
}

/** The subscriber of one server, or all subscribers of a Cluster. */
interface Subscribers {
  readonly live: boolean
  all (): ChannelSubscriber[]
  want (channel: string): void
  unwant (channel: string): void
  close (): void
}

const RUN_ID = new RegExp(RUN_ID_PATTERN)

/**
 * The live channels of runs and the change channels of tenants in Redis. All channels and listeners share one
 * subscriber connection, in a Cluster one per primary, and each channel is subscribed once. The manager connects when
 * it is made, and reconnects by itself.
 */
export class RedisPubSubManager implements LiveChannels {
  readonly #connections: RedisConnections
  readonly #keys: RedisKeys
  readonly #probeChannel: string
  readonly #subscribers: Subscribers
  /** The followed runs, by channel. */
  readonly #runs = new Map<string, Subscription<LiveListener>>()
  /** The tenants whose changes are followed, by channel. */
  readonly #tenants = new Map<string, Subscription<ChangeListener>>()
  readonly #restored: Array<(runIds: readonly string[]) => void> = []
  readonly #log: LogLine
  readonly #probeTimer: NodeJS.Timeout
  /** The time of the last probe and the subscribers that must have received it; null when none was sent. */
  #probed: { readonly at: number, readonly subscribers: readonly ChannelSubscriber[] } | null = null
  #closed = false

  constructor ({ connections, keys, probeIntervalMs, logger }: RedisPubSubManagerOptions) {
    this.#connections = connections
    this.#keys = keys
    this.#probeChannel = `${keys.acks}:probe:${randomUUID()}`
    this.#log = throttledLog((fields, message) => logger.warn(fields, message), 5_000)
    this.#subscribers = this.#makeSubscribers(logger)
    this.#probeTimer = setInterval(() => { this.#probe().catch(() => { /* A probe that was not sent proves nothing. */ }) }, probeIntervalMs).unref()
  }

  async subscribe (runId: string, listener: LiveListener): Promise<() => void> {
    return await this.#subscribe(this.#runs, this.#keys.live(runId), runId, listener)
  }

  async subscribeChanges (tenant: string, listener: ChangeListener): Promise<() => void> {
    return await this.#subscribe(this.#tenants, this.#keys.changed(tenant), tenant, listener)
  }

  onRestored (callback: (runIds: readonly string[]) => void): void {
    this.#restored.push(callback)
  }

  isConnected (): boolean {
    return !this.#closed && this.#subscribers.live
  }

  async close (): Promise<void> {
    this.#closed = true
    clearInterval(this.#probeTimer)
    this.#subscribers.close()
  }

  #makeSubscribers (logger: Logger): Subscribers {
    const { command } = this.#connections
    const observer = {
      onMessage: (channel: string, text: string) => this.#deliver(channel, text),
      onAcknowledged: (channels: readonly string[]) => this.#acknowledge(channels),
      onLost: (channels: readonly string[]) => this.#interrupt(channels)
    }
    const common = { probeChannel: this.#probeChannel, logger }
    if (command instanceof Cluster) return new ShardedSubscribers({ ...common, connections: this.#connections, cluster: command, observer })
    const subscriber = new ChannelSubscriber({
      ...common,
      redis: this.#connections.subscriber('live'),
      sharded: false,
      refusals: this.#connections.refusals,
      observer: { ...observer, onMoved () {} }
    })
    return {
      get live () { return subscriber.live },
      all: () => [subscriber],
      want: (channel) => subscriber.want(channel),
      unwant: (channel) => subscriber.unwant(channel),
      close: () => subscriber.close()
    }
  }

  async #subscribe<Listener> (subscriptions: Map<string, Subscription<Listener>>, channel: string, name: string, listener: Listener): Promise<() => void> {
    const present = subscriptions.get(channel)
    const subscription = present ?? new Subscription<Listener>(name)
    const remove = subscription.add(listener)
    if (present === undefined) {
      subscriptions.set(channel, subscription)
      this.#subscribers.want(channel)
    }
    const leave = () => {
      if (!remove() || !subscription.isIdle) return
      subscriptions.delete(channel)
      this.#subscribers.unwant(channel)
    }
    if (!this.#closed && await subscription.acknowledged()) return leave
    leave()
    throw new UnavailableError(`The channel ${channel} can't be subscribed.`)
  }

  #deliver (channel: string, text: string): void {
    const run = this.#runs.get(channel)
    if (run !== undefined) {
      const message = parseLiveMessage(text)
      if (message === null) this.#reportForeign(channel, text)
      else this.#tell(channel, run, (listener) => listener(message))
    }
    const tenant = this.#tenants.get(channel)
    if (tenant !== undefined) {
      if (!RUN_ID.test(text)) this.#reportForeign(channel, text)
      else this.#tell(channel, tenant, (listener) => listener.changed(text))
    }
  }

  #tell<Listener> (channel: string, subscription: Subscription<Listener>, call: (listener: Listener) => void): void {
    subscription.forEach(call, (error) => this.#log({ channel, err: error }, 'A listener of a channel failed'))
  }

  #reportForeign (channel: string, text: string): void {
    this.#log({ channel, sample: text.slice(0, 200) }, 'A channel carried a message in an unknown format')
  }

  #acknowledge (channels: readonly string[]): void {
    const restored: string[] = []
    for (const channel of channels) {
      const run = this.#runs.get(channel)
      if (run?.acknowledge() === true) restored.push(run.name)
      const tenant = this.#tenants.get(channel)
      if (tenant?.acknowledge() === true) this.#tell(channel, tenant, (listener) => listener.missed())
    }
    if (restored.length > 0) for (const callback of this.#restored) callback(restored)
  }

  #interrupt (channels: readonly string[]): void {
    for (const channel of channels) (this.#runs.get(channel) ?? this.#tenants.get(channel))?.interrupt()
  }

  async #probe (): Promise<void> {
    const probed = this.#probed
    this.#probed = null
    // Only after everything that arrived while this process was busy or paused has been read.
    setImmediate(() => {
      for (const subscriber of probed?.subscribers ?? []) {
        if (subscriber.restartIfSilent(probed?.at ?? 0)) this.#log({}, 'A subscriber connection to Redis was silently dead; connecting anew')
      }
    })
    const at = performance.now()
    const subscribers = this.#subscribers.all().filter(({ live }) => live)
    if (subscribers.length === 0) return
    await this.#connections.command.publish(this.#probeChannel, '')
    this.#probed = { at, subscribers }
  }
}
