import { randomUUID } from 'node:crypto'
import { Cluster } from 'ioredis'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis-keys.ts'
import { RunLogError } from '../run-log/run-log.ts'
import { throttledLog, type LogLine, type Logger } from '../throttled-log.ts'
import { ChannelSubscriber } from './channel-subscriber.ts'
import type { LiveChannels, LiveListener } from './live-channels.ts'
import { parseLiveMessage } from './live-message.ts'
import { ShardedSubscribers } from './sharded-subscribers.ts'

export interface RedisPubSubManagerOptions {
  readonly connections: RedisConnections
  readonly keys: RedisKeys
  /** How often to make sure that messages arrive, in milliseconds; a dead connection is found within two intervals. */
  readonly probeIntervalMs: number
  readonly logger: Logger
}

/** What subscribes channels at one server or at all primaries of a Cluster. */
interface Subscribers {
  readonly live: boolean
  all (): ChannelSubscriber[]
  want (channel: string): void
  unwant (channel: string): void
  close (): void
}

/** One followed run. */
interface Subscription {
  readonly runId: string
  readonly listeners: Set<{ readonly listener: LiveListener }>
  readonly waiting: Set<() => void>
  acknowledged: boolean
  /** Whether it was acknowledged before and may have missed messages since. */
  interrupted: boolean
}

/** How long a subscription may wait for its acknowledgement, in milliseconds. */
const ACKNOWLEDGEMENT_TIMEOUT_MS = 2_000

/**
 * The live channels of runs in Redis: one subscriber connection (in Cluster one per primary), however many runs and
 * listeners; each run is subscribed once. Connects when it is made, and comes back by itself.
 */
export class RedisPubSubManager implements LiveChannels {
  readonly #connections: RedisConnections
  readonly #keys: RedisKeys
  readonly #probeChannel: string
  readonly #subscribers: Subscribers
  /** By channel. */
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #restored: Array<(runIds: readonly string[]) => void> = []
  readonly #log: LogLine
  readonly #probeTimer: NodeJS.Timeout
  /** What the last probe should have reached, and when it was sent; null when that proves nothing. */
  #probed: { readonly at: number, readonly subscribers: readonly ChannelSubscriber[] } | null = null
  #closed = false

  constructor ({ connections, keys, probeIntervalMs, logger }: RedisPubSubManagerOptions) {
    this.#connections = connections
    this.#keys = keys
    this.#probeChannel = `${keys.acks}:probe:${randomUUID()}`
    this.#log = throttledLog((fields, message) => logger.warn(fields, message), 5_000)
    this.#subscribers = this.#makeSubscribers(logger)
    this.#probeTimer = setInterval(() => { this.#probe().catch(() => { /* A probe that wasn't sent proves nothing. */ }) }, probeIntervalMs).unref()
  }

  async subscribe (runId: string, listener: LiveListener): Promise<() => void> {
    const channel = this.#keys.live(runId)
    const entry = { listener }
    const subscription = this.#subscriptions.get(channel) ?? this.#open(channel, runId)
    subscription.listeners.add(entry)
    const leave = () => {
      if (!subscription.listeners.delete(entry) || subscription.listeners.size > 0) return
      this.#subscriptions.delete(channel)
      this.#subscribers.unwant(channel)
    }
    if (!this.#closed && await acknowledgement(subscription)) return leave
    leave()
    throw new RunLogError('unavailable', `the live channel of run ${runId} can't be subscribed`)
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

  #open (channel: string, runId: string): Subscription {
    const subscription: Subscription = { runId, listeners: new Set(), waiting: new Set(), acknowledged: false, interrupted: false }
    this.#subscriptions.set(channel, subscription)
    this.#subscribers.want(channel)
    return subscription
  }

  #deliver (channel: string, text: string): void {
    const subscription = this.#subscriptions.get(channel)
    if (subscription === undefined) return
    const message = parseLiveMessage(text)
    if (message === null) {
      this.#log({ run_id: subscription.runId, sample: text.slice(0, 200) }, 'A live channel carried something foreign')
      return
    }
    for (const { listener } of subscription.listeners) {
      try {
        listener(message)
      } catch (error) {
        this.#log({ run_id: subscription.runId, err: error }, 'A listener of a live channel failed')
      }
    }
  }

  #acknowledge (channels: readonly string[]): void {
    const restored: string[] = []
    for (const channel of channels) {
      const subscription = this.#subscriptions.get(channel)
      if (subscription === undefined) continue
      subscription.acknowledged = true
      if (subscription.interrupted) restored.push(subscription.runId)
      subscription.interrupted = false
      for (const resolve of subscription.waiting) resolve()
      subscription.waiting.clear()
    }
    if (restored.length > 0) for (const callback of this.#restored) callback(restored)
  }

  #interrupt (channels: readonly string[]): void {
    for (const channel of channels) {
      const subscription = this.#subscriptions.get(channel)
      if (subscription === undefined) continue
      subscription.interrupted ||= subscription.acknowledged
      subscription.acknowledged = false
    }
  }

  async #probe (): Promise<void> {
    const probed = this.#probed
    this.#probed = null
    // Not before what has arrived while this process was busy or stopped has been read.
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

/** @returns whether the subscription is acknowledged, now or in time */
async function acknowledgement (subscription: Subscription): Promise<boolean> {
  if (subscription.acknowledged) return true
  return await new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      subscription.waiting.delete(done)
      resolve(false)
    }, ACKNOWLEDGEMENT_TIMEOUT_MS)
    subscription.waiting.add(done)
  })
}
