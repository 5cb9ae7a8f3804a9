import type { EventId } from '@runcast/protocol'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { PING } from '../sse/encoder.ts'
import { positionFrame } from '../sse/frames.ts'
import { passes, type Filter } from './filter.ts'
import type { EncodedEvent } from './ring.ts'

/** A caught-up follower as the lane sees it. */
export interface LaneMember {
  readonly filter: Filter
  /** The number of bytes that the socket has not taken yet. */
  backlog (): number
  /** Writes a chunk with this many events to the socket. */
  send (chunk: Chunk, events: number): void
  /** Called when the member has left the lane. It has everything up to `position`, and pages from the log again. */
  fallBack (position: EventId): void
  /** Writes the last frame and ends the stream. */
  finish (frame: string): void
}

/** A follower whose backlog is longer than this before a write leaves the lane, in bytes. */
export const DEFAULT_LAG_BYTES = 262_144

const PING_CHUNK = chunkOf(PING)

/** The followers with one filter. */
interface Group {
  readonly filter: Filter
  readonly members: Set<LaneMember>
  pending: string[]
  lastWriteAt: number
  /** True when the position has moved on and no frame has told these followers. */
  hasMoved: boolean
}

/**
 * The caught-up followers of one topic. All of them have everything up to `position`. A flush encodes the queued events
 * once per filter, and writes the same bytes to every socket, in one write each.
 */
export class Lane {
  /** The longest backlog that a member may have before a write, in bytes. */
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

  /** The number of followers. */
  get size (): number {
    let size = 0
    for (const { members } of this.#groups.values()) size += members.size
    return size
  }

  /**
   * Adds a follower that has everything up to `position`.
   *
   * @param hasMoved whether the last id that the follower was sent is older than that
   */
  add (member: LaneMember, hasMoved: boolean): void {
    const group = this.#groups.get(member.filter.key) ??
      { filter: member.filter, members: new Set(), pending: [], lastWriteAt: Date.now(), hasMoved: false }
    this.#groups.set(member.filter.key, group)
    group.members.add(member)
    group.hasMoved ||= hasMoved
  }

  remove (member: LaneMember): void {
    const group = this.#groups.get(member.filter.key)
    if (group?.members.delete(member) === true && group.members.size === 0) this.#groups.delete(member.filter.key)
  }

  /** Queues an event for the next flush. */
  push (entry: EncodedEvent): void {
    for (const group of this.#groups.values()) {
      group.hasMoved = !passes(group.filter, entry.event)
      if (!group.hasMoved) group.pending.push(entry.frame)
    }
  }

  /** Writes the queued events, one write per member; `position` is the id of the last one. */
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
      group.hasMoved = false
      this.#write(group, chunk, 0)
    }
    this.#position = position
  }

  /** Writes a heartbeat to idle groups: the position if it has moved, else a comment. */
  heartbeat (now: number, heartbeatMs: number): void {
    for (const group of this.#groups.values()) {
      if (now - group.lastWriteAt < heartbeatMs) continue
      this.#write(group, group.hasMoved ? chunkOf(positionFrame(this.#position)) : PING_CHUNK, 0)
      group.hasMoved = false
    }
  }

  /** Lists all followers. */
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
