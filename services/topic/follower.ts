import type { ServerResponse } from 'node:http'
import type { EventId } from '@runcast/protocol'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { PING } from '../sse/encoder.ts'
import { endFrame, positionFrame } from '../sse/frames.ts'
import { SseConnection, type Expiry } from '../sse/connection.ts'
import { catchUp, type Step } from './catch-up.ts'
import type { Filter } from './filter.ts'
import type { LaneMember } from './lane.ts'
import type { Topic } from './topic.ts'

/** Who keeps count of the open streams. */
export interface FollowerKeeper {
  /** Called once, when the socket is gone. */
  left (follower: Follower): void
}

/** What whoever opened a stream wants to know of it. */
export interface FollowerObserver {
  /** Called once, when the socket is gone. */
  closed (follower: Follower): void
  /** The follower was told of a gap while it caught up. */
  gap (reason: 'expired' | 'forked' | 'unknown_id'): void
  fellBack (): void
  /** A fault that ended the stream. */
  failed (error: unknown): void
}

/**
 * One open stream of a run: a cursor, a socket, and while it is behind one async generator over the run log. Either the
 * generator's pump or the lane writes, never both: the follower joins the lane in the same synchronous step in which
 * it finds that nothing is newer than its cursor.
 */
export class Follower extends SseConnection implements LaneMember {
  readonly filter: Filter
  readonly #topic: Topic
  readonly #keeper: FollowerKeeper
  readonly #observer: FollowerObserver
  #cursor: EventId
  /** The last id that the client was sent, which a filter leaves behind the cursor. */
  #sentId: EventId
  #pump: AbortController | null = null
  #onLane = false
  #lastWriteAt = Date.now()
  #events = 0

  /**
   * @param cursor the position of what the response was already written
   */
  constructor (topic: Topic, response: ServerResponse, filter: Filter, cursor: EventId, expiry: Expiry, keeper: FollowerKeeper, observer: FollowerObserver) {
    super(response, expiry)
    this.filter = filter
    this.#topic = topic
    this.#cursor = cursor
    this.#sentId = cursor
    this.#keeper = keeper
    this.#observer = observer
  }

  get events (): number {
    return this.#events
  }

  get topic (): Topic {
    return this.#topic
  }

  /** Writes the opening frame and the first step at once, and starts to follow. */
  start (opening: string, first: Step): void {
    this.#take({ ...first, frames: opening + first.frames })
    if (!this.isEnding && !this.#joinLane()) this.#catchUp()
  }

  send (chunk: Chunk, events: number): void {
    this.write(chunk)
    this.#events += events
  }

  fallBack (position: EventId): void {
    this.#onLane = false
    this.#cursor = position
    this.#observer.fellBack()
    this.#catchUp()
  }

  finish (frame: string): void {
    this.endWith(frame, 'end')
  }

  protected override position (): EventId {
    return this.#onLane ? this.#topic.lane.position : this.#cursor
  }

  protected override heartbeat (now: number, heartbeatMs: number): void {
    if (this.#onLane || this.backlog() > 0 || now - this.#lastWriteAt < heartbeatMs) return
    this.#lastWriteAt = now
    this.write(chunkOf(this.#sentId === this.#cursor ? PING : positionFrame(this.#cursor)))
    this.#sentId = this.#cursor
  }

  protected override stop (): void {
    if (this.#onLane) this.#topic.lane.remove(this)
    this.#onLane = false
    this.#pump?.abort()
  }

  protected override gone (): void {
    this.#keeper.left(this)
    this.#observer.closed(this)
  }

  #catchUp (): void {
    this.#pump = new AbortController()
    this.#pumpPages(this.#pump.signal)
  }

  async #pumpPages (signal: AbortSignal): Promise<void> {
    try {
      if (this.needsDrain) await this.drained(signal)
      for await (const step of catchUp(this.#topic, this.filter, this.#cursor, signal)) {
        if (signal.aborted) return
        this.#take(step)
        if (this.isEnding || this.#joinLane()) return
        if (this.needsDrain) await this.drained(signal)
      }
    } catch (error) {
      if (signal.aborted) return
      this.#observer.failed(error)
      this.close('unavailable')
    }
  }

  #take (step: Step): void {
    if (step.gap !== null) this.#observer.gap(step.gap.reason)
    this.#cursor = step.position
    if (step.frames !== '' || step.chunk !== null) {
      this.#sentId = step.sent
      this.#lastWriteAt = Date.now()
      this.socket.cork()
      if (step.frames !== '') this.send(chunkOf(step.frames), 0)
      if (step.chunk !== null) this.send(step.chunk, step.events)
      this.socket.uncork()
    }
    if (step.gone !== null) this.endWith(endFrame(step.gone, step.position), 'end')
  }

  /** @returns whether the follower is done with catching up */
  #joinLane (): boolean {
    const lags = this.needsDrain && this.backlog() > this.#topic.lane.lagBytes
    if (lags || this.#cursor !== this.#topic.last) return false
    this.#topic.flush()
    if (this.#topic.isOver) {
      this.finish(endFrame(this.#topic.facts, this.#cursor))
    } else {
      this.#onLane = true
      this.#pump = null
      this.#topic.lane.add(this, this.#sentId !== this.#cursor)
    }
    return true
  }
}
