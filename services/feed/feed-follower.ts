import type { ServerResponse } from 'node:http'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { PING } from '../sse/encoder.ts'
import { SseConnection, type Expiry } from '../sse/connection.ts'
import type { View } from './view.ts'

/** Keeps the followers of a feed. */
export interface FeedKeeper {
  /** The follower's socket has taken all bytes: it can take a snapshot again. */
  caughtUp (follower: FeedFollower): void
  /** Called once, when the socket is gone. */
  left (follower: FeedFollower): void
}

/** A follower whose backlog is longer than this before a write gets a snapshot later instead of updates, in bytes. */
export const LAG_BYTES = 262_144

/**
 * One open stream of a tenant's runs. A current follower has had a snapshot and every update since; any other gets a
 * snapshot next. A snapshot replaces all before it, so that nothing is kept for a slow follower.
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

  /** The number of snapshots and updates sent. */
  get frames (): number {
    return this.#frames
  }

  /** True when updates continue what the client has. */
  get isCurrent (): boolean {
    return this.#isCurrent && !this.isEnding
  }

  /** True when the follower needs a snapshot and its socket can take one. */
  get awaitsSnapshot (): boolean {
    return !this.#isCurrent && !this.isEnding && !this.needsDrain
  }

  sendSnapshot (chunk: Chunk): void {
    this.#isCurrent = true
    this.#send(chunk, 1)
  }

  /** Sends updates to a current follower, unless its backlog is too long. */
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
