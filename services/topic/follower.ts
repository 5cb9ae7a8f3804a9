import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { CloseReason } from '../../schemas/stream.ts'
import type { EventId } from '../run-log/event-id.ts'
import { PING } from '../sse/encoder.ts'
import { closeFrame, endFrame, positionFrame } from '../sse/frames.ts'
import { catchUp, type Step } from './catch-up.ts'
import type { Filter } from './filter.ts'
import type { LaneMember } from './lane.ts'
import type { Topic } from './topic.ts'

/** How a stream ended: as its run did, as the server decided, or by the client. */
export type FollowerEnd = 'end' | 'client' | CloseReason

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

/** When a stream is closed at the latest, in milliseconds since 1970, and why. */
export interface Expiry {
  readonly at: number
  readonly reason: CloseReason
}

/** How long a socket may take for its last frame, in milliseconds. */
const LAST_FRAME_MS = 5_000

/**
 * One open stream: a cursor, a socket, and while it is behind one async generator over the run log. Either the
 * generator's pump or the lane writes, never both: the follower joins the lane in the same synchronous step in which
 * it finds that nothing is newer than its cursor.
 */
export class Follower implements LaneMember {
  readonly filter: Filter
  /** Milliseconds since 1970. */
  readonly openedAt = Date.now()
  readonly #topic: Topic
  readonly #response: ServerResponse
  readonly #keeper: FollowerKeeper
  readonly #observer: FollowerObserver
  #cursor: EventId
  /** The last id that the client was sent, which a filter leaves behind the cursor. */
  #sentId: EventId
  readonly #expiry: Expiry
  #pump: AbortController | null = null
  #onLane = false
  #ending: { readonly reason: FollowerEnd, readonly since: number } | null = null
  #lastWriteAt = Date.now()
  #events = 0
  #bytes = 0

  /**
   * @param cursor the position of what the response was already written
   */
  constructor (topic: Topic, response: ServerResponse, filter: Filter, cursor: EventId, expiry: Expiry, keeper: FollowerKeeper, observer: FollowerObserver) {
    this.filter = filter
    this.#topic = topic
    this.#response = response
    this.#cursor = cursor
    this.#sentId = cursor
    this.#expiry = expiry
    this.#keeper = keeper
    this.#observer = observer
    response.once('close', () => this.#dispose())
    response.on('error', ignore)
  }

  get events (): number {
    return this.#events
  }

  get bytes (): number {
    return this.#bytes
  }

  /** How the stream ended, or is about to. */
  get end (): FollowerEnd {
    return this.#ending?.reason ?? 'client'
  }

  get topic (): Topic {
    return this.#topic
  }

  /** Writes the opening frame and the first step at once, and starts to follow. */
  start (opening: string, first: Step): void {
    const bytes = Buffer.from(opening)
    this.#take({ ...first, bytes: first.bytes === null ? bytes : Buffer.concat([bytes, first.bytes]) })
    if (this.#ending === null && !this.#joinLane()) this.#catchUp()
  }

  backlog (): number {
    return this.#response.writableLength
  }

  send (bytes: Buffer, events: number): void {
    this.#response.write(bytes)
    this.#events += events
    this.#bytes += bytes.length
  }

  fallBack (position: EventId): void {
    this.#onLane = false
    this.#cursor = position
    this.#observer.fellBack()
    this.#catchUp()
  }

  finish (frame: string): void {
    this.#endWith(frame, 'end')
  }

  /** Ends an unfinished stream; the client is told why and when to come back. */
  close (reason: CloseReason): void {
    this.#endWith(closeFrame(reason, this.#position()), reason)
  }

  /** What time brings: the end of an old stream, a comment on an idle one, patience that is over. */
  tick (now: number, heartbeatMs: number): void {
    if (this.#ending !== null) {
      if (now - this.#ending.since >= LAST_FRAME_MS) this.#response.destroy()
    } else if (now >= this.#expiry.at) {
      this.close(this.#expiry.reason)
    } else if (!this.#onLane && this.backlog() === 0 && now - this.#lastWriteAt >= heartbeatMs) {
      this.#lastWriteAt = now
      this.send(this.#sentId === this.#cursor ? PING : Buffer.from(positionFrame(this.#cursor)), 0)
      this.#sentId = this.#cursor
    }
  }

  #position (): EventId {
    return this.#onLane ? this.#topic.lane.position : this.#cursor
  }

  #catchUp (): void {
    this.#pump = new AbortController()
    this.#pumpPages(this.#pump.signal)
  }

  async #pumpPages (signal: AbortSignal): Promise<void> {
    try {
      if (this.#response.writableNeedDrain) await drained(this.#response, signal)
      for await (const step of catchUp(this.#topic, this.filter, this.#cursor, signal)) {
        if (signal.aborted) return
        this.#take(step)
        if (this.#ending !== null || this.#joinLane()) return
        if (this.#response.writableNeedDrain) await drained(this.#response, signal)
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
    if (step.bytes !== null) {
      this.#sentId = step.position
      this.#lastWriteAt = Date.now()
      this.send(step.bytes, step.events)
    }
    if (step.gone !== null) this.#endWith(endFrame(step.gone, step.position), 'end')
  }

  /** @returns whether the follower is done with catching up */
  #joinLane (): boolean {
    const lags = this.#response.writableNeedDrain && this.backlog() > this.#topic.lane.lagBytes
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

  #endWith (frame: string, reason: FollowerEnd): void {
    if (this.#ending !== null) return
    this.#ending = { reason, since: Date.now() }
    this.#stopWriting()
    this.send(Buffer.from(frame), 0)
    this.#response.end()
  }

  #stopWriting (): void {
    if (this.#onLane) this.#topic.lane.remove(this)
    this.#onLane = false
    this.#pump?.abort()
  }

  #dispose (): void {
    this.#stopWriting()
    this.#keeper.left(this)
    this.#observer.closed(this)
  }
}

function ignore (): void {}

async function drained (response: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal }).catch(() => {})
}
