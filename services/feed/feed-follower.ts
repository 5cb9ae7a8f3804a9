import type { ServerResponse } from 'node:http'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { PING } from '../sse/encoder.ts'
import { SseConnection, type Expiry } from '../sse/connection.ts'
import type { View } from './view.ts'

/** Who keeps a follower of a feed. */
export interface FeedKeeper {
  /** The follower can take a snapshot again. */
  caughtUp (follower: FeedFollower): void
  /** Called once, when the socket is gone. */
  left (follower: FeedFollower): void
}

/** Over this many bytes not taken from before, a follower gets no more updates but a fresh snapshot later. */
export const LAG_BYTES = 262_144

/**
 * One open stream of a tenant's runs. It is either current, having had a snapshot and every update since, or it gets
 * a snapshot next: what it brings are states, so nothing is kept for who is slow.
 */
export class FeedFollower extends SseConnection {
  readonly view: View
  readonly #keeper: FeedKeeper
  #isCurrent = false
  #lastWriteAt = Date.now()
  #frames = 0

  constructor (response: ServerResponse, view: View, expiry: Expiry, keeper: FeedKeeper) {
    super(response, expiry)
    this.view = view
    this.#keeper = keeper
  }

  /** How many snapshots and updates were sent. */
  get frames (): number {
    return this.#frames
  }

  /** Whether updates continue what it has. */
  get isCurrent (): boolean {
    return this.#isCurrent && !this.isEnding
  }

  /** Whether it can take a snapshot and needs one. */
  get awaitsSnapshot (): boolean {
    return !this.#isCurrent && !this.isEnding && !this.needsDrain
  }

  sendSnapshot (chunk: Chunk): void {
    this.#isCurrent = true
    this.#send(chunk, 1)
  }

  /** Sends this many updates, unless the socket is too far behind. Only for who is current. */
  sendUpdates (chunk: Chunk, updates: number): void {
    if (this.backlog() <= LAG_BYTES) {
      this.#send(chunk, updates)
      return
    }
    this.#isCurrent = false
    this.socket.once('drain', () => this.#keeper.caughtUp(this))
  }

  protected override position (): null {
    return null
  }

  protected override heartbeat (now: number, heartbeatMs: number): void {
    if (this.backlog() > 0 || now - this.#lastWriteAt < heartbeatMs) return
    this.#lastWriteAt = now
    this.write(chunkOf(PING))
  }

  protected override stop (): void {
    this.#isCurrent = false
  }

  protected override closed (): void {
    this.#keeper.left(this)
  }

  #send (chunk: Chunk, frames: number): void {
    this.#lastWriteAt = Date.now()
    this.#frames += frames
    this.write(chunk)
  }
}
