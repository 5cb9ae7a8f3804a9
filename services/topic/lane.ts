import type { EventId } from '@runcast/protocol'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { PING } from '../sse/encoder.ts'
import { positionFrame } from '../sse/frames.ts'
import { passes, type Filter } from './filter.ts'
import type { EncodedEvent } from './ring.ts'

/** A caught-up follower as the lane sees it. */
export interface LaneMember {
  readonly filter: Filter
  /** Bytes that the socket has not taken yet. */
  backlog (): number
  /** Hands a chunk with this many events to the socket. */
  send (chunk: Chunk, events: number): void
  /** Called when the member is too far behind for the lane: it has everything up to `position`. */
  fallBack (position: EventId): void
  /** Sends the last frame and ends the stream. */
  finish (frame: string): void
}

/** Over this many bytes not taken from before, a follower leaves the lane and pages from the log again. */
export const DEFAULT_LAG_BYTES = 262_144

const PING_CHUNK = chunkOf(PING)

/** The followers with one filter. */
interface Group {
  readonly filter: Filter
  readonly members: Set<LaneMember>
  pending: string[]
  lastWriteAt: number
  /** Whether the position moved on without an event that these followers got. */
  moved: boolean
}

/**
 * The caught-up followers of one topic. All of them have everything up to `position`; whatever is flushed is
 * encoded once per filter, and the same bytes go to every socket in one write each.
 */
export class Lane {
  /** The most bytes not taken from before that a member may have. */
  readonly lagBytes: number
  readonly #groups = new Map<string, Group>()
  #position: EventId

  constructor (position: EventId, lagBytes: number) {
    this.#position = position
    this.lagBytes = lagBytes
  }

  /** The id up to which every member has everything. */
  get position (): EventId {
    return this.#position
  }

  /** How many followers it has. */
  get size (): number {
    let size = 0
    for (const { members } of this.#groups.values()) size += members.size
    return size
  }

  /**
   * Takes a follower in that has everything up to `position`.
   *
   * @param moved whether the last id that the follower was sent is older than that
   */
  add (member: LaneMember, moved: boolean): void {
    const group = this.#groups.get(member.filter.key) ??
      { filter: member.filter, members: new Set(), pending: [], lastWriteAt: Date.now(), moved: false }
    this.#groups.set(member.filter.key, group)
    group.members.add(member)
    group.moved ||= moved
  }

  remove (member: LaneMember): void {
    const group = this.#groups.get(member.filter.key)
    if (group?.members.delete(member) === true && group.members.size === 0) this.#groups.delete(member.filter.key)
  }

  /** Queues an event for the next flush. */
  push (entry: EncodedEvent): void {
    for (const group of this.#groups.values()) {
      group.moved = !passes(group.filter, entry.event)
      if (!group.moved) group.pending.push(entry.frame)
    }
  }

  /** Writes what is queued, one write per member; `position` is the id of the last event queued. */
  flush (position: EventId): void {
    for (const group of this.#groups.values()) {
      if (group.pending.length === 0) continue
      const events = group.pending.length
      const chunk = chunkOf(group.pending.join(''))
      group.pending = []
      this.#write(group, chunk, events)
    }
    this.#position = position
  }

  /** Writes a control frame to every member and moves to `position`. Nothing may be queued. */
  announce (frame: string, position: EventId): void {
    const chunk = chunkOf(frame)
    for (const group of this.#groups.values()) {
      group.moved = false
      this.#write(group, chunk, 0)
    }
    this.#position = position
  }

  /** Keeps idle groups alive: a position if it moved unseen, else a comment. */
  beat (now: number, heartbeatMs: number): void {
    for (const group of this.#groups.values()) {
      if (now - group.lastWriteAt < heartbeatMs) continue
      this.#write(group, group.moved ? chunkOf(positionFrame(this.#position)) : PING_CHUNK, 0)
      group.moved = false
    }
  }

  /** Every member, for whoever ends or moves them all. */
  members (): LaneMember[] {
    return [...this.#groups.values()].flatMap((group) => [...group.members])
  }

  #write (group: Group, chunk: Chunk, events: number): void {
    group.lastWriteAt = Date.now()
    for (const member of group.members) {
      if (member.backlog() <= this.lagBytes) {
        member.send(chunk, events)
      } else {
        this.remove(member)
        member.fallBack(this.#position)
      }
    }
  }
}
