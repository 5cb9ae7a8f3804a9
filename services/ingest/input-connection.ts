import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import keySlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import { primaryOf } from '../redis/cluster-primary.ts'
import type { RedisConnections } from '../redis/connections.ts'
import type { RedisKeys } from '../redis/keys.ts'

/** Receives the messages of an InputConnection, in the order in which Redis sent them. Its functions must not throw. */
export interface InputObserver {
  /** A plain PUBLISH on an input channel. */
  onMessage (channel: string, raw: Buffer): void
  onAcknowledgement (text: string): void
}

/**
 * The node to listen at. In a Cluster all processes listen at one node, so that every message reaches all of them
 * before any of them can append and acknowledge it.
 *
 * @returns `host:port`; null while the client does not know the Cluster; undefined when Redis is no Cluster
 */
export function listeningNode ({ command }: RedisConnections, keys: RedisKeys): string | null | undefined {
  return command instanceof Cluster ? primaryOf(command, keySlot(keys.lease)) : undefined
}

/**
 * The subscriber connection of the ingest: raw messages of all runs and acknowledgements arrive on it in one order. It
 * never reconnects, since messages would be missing between two connections.
 */
export class InputConnection {
  readonly #connections: RedisConnections
  readonly #keys: RedisKeys
  readonly #node: string | null | undefined
  readonly #redis: Redis
  readonly #probeChannel: string
  readonly #ending = new AbortController()
  /** The probe that is under way. */
  #probe: { readonly text: string, readonly settle: (heard: boolean) => void } | null = null

  constructor (connections: RedisConnections, keys: RedisKeys, observer: InputObserver) {
    this.#connections = connections
    this.#keys = keys
    this.#node = listeningNode(connections, keys)
    this.#redis = connections.subscriber('ingest', { once: true, ...(typeof this.#node === 'string' && { node: this.#node }) })
    this.#probeChannel = `${keys.acks}:probe:${randomUUID()}`
    this.#redis.on('end', () => this.end())
    this.#redis.on('message', (channel: string, text: string) => {
      if (channel === keys.acks) observer.onAcknowledgement(text)
      else if (text === this.#probe?.text) this.#probe.settle(true)
    })
    this.#redis.on('pmessageBuffer', (_pattern: unknown, channel: Buffer, message: Buffer) => observer.onMessage(channel.toString(), message))
  }

  /** Aborted once the connection is broken or ended. */
  get ended (): AbortSignal {
    return this.#ending.signal
  }

  /** True once the slot of the lease has moved to another node, at which the other processes listen from now on. */
  get isMisplaced (): boolean {
    return listeningNode(this.#connections, this.#keys) !== this.#node
  }

  /**
   * Connects and subscribes.
   *
   * @returns whether no other process listened before
   * @throws Error when Redis does not answer or refuses
   */
  async open (): Promise<boolean> {
    const { acks, inputPattern } = this.#keys
    await this.#redis.connect()
    const [, listeners] = await this.#redis.pubsub('NUMSUB', acks)
    // Acknowledgements first: the acknowledgement of every message that arrives must arrive too.
    await this.#redis.subscribe(acks, this.#probeChannel)
    await this.#redis.psubscribe(inputPattern)
    return listeners === 0
  }

  /**
   * Publishes a probe to this connection. When it comes back, everything that was published before it has arrived.
   *
   * @returns whether it came back within `timeoutMs`; null when it could not be sent, which proves nothing
   */
  async probe (timeoutMs: number): Promise<boolean | null> {
    const text = randomUUID()
    const timeout = new AbortController()
    const heard = new Promise<boolean>((resolve) => { this.#probe = { text, settle: resolve } })
    try {
      await this.#connections.command.publish(this.#probeChannel, text)
      const silence = delay(timeoutMs, false, { signal: timeout.signal }).catch(() => false)
      return await Promise.race([heard, silence])
    } catch {
      return null
    } finally {
      timeout.abort()
      this.#probe = null
    }
  }

  end (): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#probe?.settle(false)
    this.#redis.disconnect()
  }
}
