import type { ServerResponse } from 'node:http'
import type { EventId } from '@runcast/protocol'
import type { GapReason } from '../run-log/gap.ts'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { SseConnection, type Expiry } from '../sse/connection.ts'
import { PING } from '../sse/encoder.ts'
import { endFrame, positionFrame } from '../sse/frames.ts'
import type { Filter } from './filter.ts'
import type { LaneMember } from './lane.ts'
import type { EncodedPage } from './pages.ts'
import type { Topic } from './topic.ts'

/** The beginning of one stream, decided before a byte is sent. */
export interface Beginning {
  /** Held; released when the socket is gone. */
  readonly topic: Topic
  readonly filter: Filter
  /** The first page, with the frames that open the stream. */
  readonly first: EncodedPage
}

/** Makes an async generator of the events of a run after a cursor, page by page. It ends when `gone` is aborted. */
export type EventsAfter = (of: Pick<Beginning, 'topic' | 'filter'>, cursor: EventId, gone: AbortSignal) => AsyncGenerator<EncodedPage, void, void>

/** Keeps the open streams. */
export interface FollowerKeeper {
  /** Called once, when the socket is gone. */
  left (follower: Follower): void
}

/** Takes the reports of one stream, for its log lines and metrics. */
export interface FollowerObserver {
  /** Called once, when the socket is gone. */
  closed (follower: Follower): void
  /** The follower was told of a gap while it caught up. */
  gap (reason: GapReason): void
  /** The follower was too slow for the lane. */
  fellBack (): void
  /** A fault ended the stream. */
  failed (error: unknown): void
}

/**
 * One open stream of a run: a cursor, a socket, and while it is behind one async generator of pages. Either the pump of
 * the generator or the lane writes, never both: the follower joins the lane in the same synchronous step in which it
 * finds that nothing is newer than its cursor.
 */
export class Follower extends SseConnection implements LaneMember {
  readonly filter: Filter
  readonly topic: Topic
  readonly #eventsAfter: EventsAfter
  readonly #keeper: FollowerKeeper
  readonly #observer: FollowerObserver
  #cursor: EventId
  /** The id of the last frame sent, which a filter leaves behind the cursor. */
  #sentId: EventId
  /** Ends the generator. Null while there is none. */
  #gone: AbortController | null = null
  #isOnLane = false
  #lastWriteAt = Date.now()
  #events = 0

  constructor (beginning: Beginning, eventsAfter: EventsAfter, response: ServerResponse, expiry: Expiry, keeper: FollowerKeeper, observer: FollowerObserver) {
    super(response, expiry)
    this.filter = beginning.filter
    this.topic = beginning.topic
    this.#cursor = this.#sentId = beginning.first.resume.position
    this.#eventsAfter = eventsAfter
    this.#keeper = keeper
    this.#observer = observer
  }

  /** The number of events sent. */
  get events (): number {
    return this.#events
  }

  /** Writes the first page, and follows the run from there. */
  start (first: EncodedPage): void {
    this.#take(first)
    if (!this.isEnding && !this.#joinLane()) this.#catchUp()
  }

  send (chunk: Chunk, events: number): void {
    this.write(chunk)
    this.#events += events
  }

  fallBack (position: EventId): void {
    this.#isOnLane = false
    this.#cursor = position
    this.#observer.fellBack()
    this.#catchUp()
  }

  finish (frame: string): void {
    this.endWith(frame, 'end')
  }

  protected override position (): EventId {
    return this.#isOnLane ? this.topic.lane.position : this.#cursor
  }

  protected override heartbeat (now: number, heartbeatMs: number): void {
    if (this.#isOnLane || this.backlog() > 0 || now - this.#lastWriteAt < heartbeatMs) return
    this.#lastWriteAt = now
    this.write(chunkOf(this.#sentId === this.#cursor ? PING : positionFrame(this.#cursor)))
    this.#sentId = this.#cursor
  }

  protected override stop (): void {
    if (this.#isOnLane) this.topic.lane.remove(this)
    this.#isOnLane = false
    this.#gone?.abort()
  }

  protected override closed (): void {
    this.#keeper.left(this)
    this.#observer.closed(this)
  }

  #catchUp (): void {
    this.#gone = new AbortController()
    this.#pump(this.#eventsAfter(this, this.#cursor, this.#gone.signal), this.#gone.signal)
  }

  /**
   * Writes page after page, each when the socket has taken the one before, until the follower joins the lane, its
   * stream ends or its client leaves. The generator is returned in any case.
   */
  async #pump (pages: AsyncGenerator<EncodedPage, void, void>, gone: AbortSignal): Promise<void> {
    try {
      if (this.needsDrain) await this.drained(gone)
      for await (const page of pages) {
        if (gone.aborted) return
        this.#take(page)
        if (this.isEnding || this.#joinLane()) return
        if (this.needsDrain) await this.drained(gone)
      }
    } catch (error) {
      if (gone.aborted) return
      this.#observer.failed(error)
      this.close('unavailable')
    }
  }

  #take ({ frames, chunk, events, position, sent, resume: { gap }, facts }: EncodedPage): void {
    if (gap !== null) this.#observer.gap(gap.reason)
    this.#cursor = position
    if (frames !== '' || chunk !== null) {
      this.#sentId = sent
      this.#lastWriteAt = Date.now()
      this.socket.cork()
      if (frames !== '') this.send(chunkOf(frames), 0)
      if (chunk !== null) this.send(chunk, events)
      this.socket.uncork()
    }
    // The run is gone for good.
    if (gap?.reason === 'expired' && !facts.exists) this.finish(endFrame(facts, position))
  }

  /** @returns true when the follower has caught up: it is on the lane, or its stream ends */
  #joinLane (): boolean {
    const { topic } = this
    const lags = this.needsDrain && this.backlog() > topic.lane.lagBytes
    if (lags || this.#cursor !== topic.last) return false
    topic.flush()
    if (topic.isOver) {
      this.finish(endFrame(topic.facts, this.#cursor))
    } else {
      this.#isOnLane = true
      this.#gone = null
      topic.lane.add(this, this.#sentId !== this.#cursor)
    }
    return true
  }
}
