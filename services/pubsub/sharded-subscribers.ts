// Replaces ioredis' shardedSubscribers. In 6.0.0 that option spins while a primary is down (467 error events in 5 s,
// 77 % of a core) and does not say which channels missed messages.

import keySlot from 'cluster-key-slot'
import type { Cluster } from 'ioredis'
import type { Logger } from '../logging/logger.ts'
import { primaryOf } from '../redis/cluster-primary.ts'
import type { RedisConnections } from '../redis/connections.ts'
import { ChannelSubscriber, type SubscriberObserver } from './channel-subscriber.ts'

/** The wait before the slot table is read again after channels moved or a node was lost, in milliseconds. */
const REFRESH_PAUSE_MS = 250

export interface ShardedSubscribersOptions {
  readonly connections: RedisConnections
  readonly cluster: Cluster
  readonly probeChannel: string
  readonly observer: Omit<SubscriberObserver, 'onMoved'>
  readonly logger: Logger
}

/** The place of a shard channel in the Cluster. */
interface Place {
  readonly slot: number
  /** The `host:port` at which it is subscribed; null while the owner of the slot is unknown. */
  node: string | null
}

/**
 * Subscribes to shard channels of a Redis Cluster on one connection per primary. Each channel is subscribed at the
 * primary of its slot, and follows the slot when the slot table changes.
 */
export class ShardedSubscribers {
  readonly #options: ShardedSubscribersOptions
  readonly #places = new Map<string, Place>()
  readonly #nodes = new Map<string, ChannelSubscriber>()
  #refreshTimer: NodeJS.Timeout | null = null
  /** The nodes that dropped channels without naming them. */
  readonly #suspects = new Set<string>()

  constructor (options: ShardedSubscribersOptions) {
    this.#options = options
    options.cluster.on('refresh', this.#rearrange)
  }

  /** True while at least one primary in use delivers or, when none is in use, while the Cluster answers. */
  get live (): boolean {
    return this.#nodes.size === 0 ? this.#options.cluster.status === 'ready' : this.all().some(({ live }) => live)
  }

  /** The subscribers of all primaries in use. */
  all (): ChannelSubscriber[] {
    return [...this.#nodes.values()]
  }

  want (channel: string): void {
    const place = { slot: keySlot(channel), node: null }
    this.#places.set(channel, place)
    this.#move(channel, place)
  }

  unwant (channel: string): void {
    const place = this.#places.get(channel)
    this.#places.delete(channel)
    if (place?.node) this.#nodes.get(place.node)?.unwant(channel)
  }

  close (): void {
    this.#options.cluster.off('refresh', this.#rearrange)
    if (this.#refreshTimer !== null) clearTimeout(this.#refreshTimer)
    for (const subscriber of this.#nodes.values()) subscriber.close()
  }

  /** Subscribes a channel at the primary that the slot table names. */
  #move (channel: string, place: Place): void {
    const node = primaryOf(this.#options.cluster, place.slot)
    if (node === null || node === place.node) return
    if (place.node !== null) {
      this.#nodes.get(place.node)?.unwant(channel)
      this.#options.observer.onLost([channel])
    }
    place.node = node
    this.#subscriberOf(node).want(channel)
  }

  #subscriberOf (node: string): ChannelSubscriber {
    const present = this.#nodes.get(node)
    if (present !== undefined) return present
    const { connections, observer, probeChannel, logger } = this.#options
    const subscriber = new ChannelSubscriber({
      redis: connections.subscriber('live', { node }),
      sharded: true,
      probeChannel,
      refusals: connections.refusals,
      logger,
      observer: {
        ...observer,
        // The slots of a lost primary may have another owner by now.
        onLost: (channels) => { observer.onLost(channels); this.#refreshSoon() },
        onMoved: () => { this.#suspects.add(node); this.#refreshSoon() }
      }
    })
    this.#nodes.set(node, subscriber)
    return subscriber
  }

  #refreshSoon (): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = null
      this.#options.cluster.refreshSlotsCache()
    }, REFRESH_PAUSE_MS)
  }

  /** Called after the client has read the slot table. */
  readonly #rearrange = (): void => {
    const primaries = new Set(this.#options.cluster.slots.map((nodes) => nodes?.[0]))
    for (const [channel, place] of this.#places) this.#move(channel, place)
    for (const [node, subscriber] of this.#nodes) {
      if (!primaries.has(node)) {
        this.#nodes.delete(node)
        subscriber.close()
      } else if (this.#suspects.has(node)) subscriber.renew()
    }
    this.#suspects.clear()
  }
}
