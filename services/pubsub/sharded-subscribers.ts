import keySlot from 'cluster-key-slot'
import type { Cluster } from 'ioredis'
import type { Logger } from '../logging/logger.ts'
import { primaryOf } from '../redis/cluster-primary.ts'
import type { RedisConnections } from '../redis/connections.ts'
import { ChannelSubscriber, type SubscriberObserver } from './channel-subscriber.ts'

/** The least time between two looks at the Cluster's slot table that a moved channel caused, in milliseconds. */
const REFRESH_PAUSE_MS = 250

export interface ShardedSubscribersOptions {
  readonly connections: RedisConnections
  readonly cluster: Cluster
  readonly probeChannel: string
  readonly observer: Omit<SubscriberObserver, 'onMoved'>
  readonly logger: Logger
}

/** Where a shard channel belongs: its slot, and the `host:port` it is subscribed at, if any. */
interface Place {
  readonly slot: number
  node: string | null
}

/**
 * Shard channels of a Redis Cluster: one connection per primary, each channel at the primary of its slot. Channels
 * follow their slot when the Cluster's slot table changes.
 */
export class ShardedSubscribers {
  readonly #options: ShardedSubscribersOptions
  readonly #places = new Map<string, Place>()
  readonly #nodes = new Map<string, ChannelSubscriber>()
  #refreshTimer: NodeJS.Timeout | null = null
  /** The nodes that have let channels go without saying which. */
  readonly #suspects = new Set<string>()

  constructor (options: ShardedSubscribersOptions) {
    this.#options = options
    options.cluster.on('refresh', this.#rearrange)
  }

  /** Whether some of the primaries deliver or, when nothing is wanted of any, the Cluster answers. */
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

  /** Brings a channel to the primary that the slot table names. */
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
      logger,
      observer: {
        ...observer,
        // A primary that is gone has a successor somewhere.
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

  /** The slot table was read anew. */
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
