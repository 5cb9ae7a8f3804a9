import { msOf, seqOf, type EventId } from '@runcast/protocol'
import type { NewEvent } from '../run-log/run-log.ts'
import type { IngestedEntry } from '../run-log/redis/ingest-claims.ts'

/** A raw message that waits until the log is known to have it. */
export interface WaitingMessage {
  /** The hash of the raw message. Identical messages have the same. */
  readonly hash: string
  readonly tenant: string
  /** The size of the raw message, in bytes. */
  readonly size: number
  /** The memory that it takes, in bytes. */
  readonly bytes: number
  /** By the monotonic clock, in milliseconds. */
  readonly receivedAt: number
}

/** A message that is an event. */
export interface PendingMessage extends WaitingMessage {
  readonly event: NewEvent
}

/** The time for which the hash of an entry of the log waits for its message, in milliseconds. */
const EARLY_MS = 2_000

/** The time for which an idle run is remembered, in milliseconds. */
const IDLE_MS = 60_000

interface RunQueue<M> {
  /** In the order of arrival. */
  readonly messages: M[]
  /** Hashes of messages that are in the log but have not arrived yet. */
  early: Array<{ readonly hash: string, readonly until: number }>
  /** Every message of the log up to this id has left the queue. */
  known: EventId | null
  /** The fencing token of the last claim. */
  claimToken: number
  touchedAt: number
}

/**
 * The raw messages that wait, each run's in order. A message leaves once the log is known to have it. Each hash of an
 * ingested entry takes out one message, so that of two identical messages neither is lost nor doubled.
 */
export class RunQueues<M extends WaitingMessage> {
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #queues = new Map<string, RunQueue<M>>()
  #messages = 0
  #bytes = 0

  /**
   * @param maxBytes the most bytes that all messages together may have
   * @param now the monotonic clock, in milliseconds
   */
  constructor (maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** The number of messages that wait. */
  get size (): number {
    return this.#messages
  }

  /** The bytes of all messages that wait. */
  get bytes (): number {
    return this.#bytes
  }

  /** The runs that have waiting messages. */
  waiting (): string[] {
    return [...this.#queues].filter(([, { messages }]) => messages.length > 0).map(([runId]) => runId)
  }

  /** The time that the first message of a run has waited, in milliseconds; 0 when none waits. */
  waitedMs (runId: string): number {
    const first = this.#queues.get(runId)?.messages[0]
    return first === undefined ? 0 : this.#now() - first.receivedAt
  }

  /** @returns whether no message of the run waits */
  isEmpty (runId: string): boolean {
    return (this.#queues.get(runId)?.messages.length ?? 0) === 0
  }

  /**
   * Adds a message, unless the log has it already.
   *
   * @returns false when the queues are full
   */
  add (runId: string, message: M): boolean {
    const queue = this.#queueOf(runId)
    const early = queue.early.findIndex(({ hash, until }) => hash === message.hash && until > message.receivedAt)
    if (early !== -1) {
      queue.early.splice(early, 1)
      return true
    }
    if (this.#bytes + message.bytes > this.#maxBytes) return false
    queue.messages.push(message)
    this.#messages++
    this.#bytes += message.bytes
    return true
  }

  /** The first messages of a run, all of one tenant: at most `most`, and about `maxBytes` unless the first alone has more. */
  first (runId: string, most: number, maxBytes: number): readonly M[] {
    const messages = this.#queues.get(runId)?.messages ?? []
    let bytes = 0
    let count = 0
    for (const message of messages) {
      bytes += message.bytes
      if (count === most || message.tenant !== messages[0]?.tenant || (count > 0 && bytes > maxBytes)) break
      count++
    }
    return messages.slice(0, count)
  }

  /** The first `most` messages of a run that are of the tenant of its very first, whatever stands between them. */
  ofFirstTenant (runId: string, most: number): readonly M[] {
    const messages = this.#queues.get(runId)?.messages ?? []
    return messages.filter(({ tenant }) => tenant === messages[0]?.tenant).slice(0, most)
  }

  /** @returns whether all of these still wait */
  holds (runId: string, batch: readonly M[]): boolean {
    const messages = new Set(this.#queues.get(runId)?.messages)
    return batch.every((message) => messages.has(message))
  }

  /** @returns whether these are still the first messages of a run */
  beginsWith (runId: string, batch: readonly M[]): boolean {
    const messages = this.#queues.get(runId)?.messages ?? []
    return batch.every((message, index) => messages[index] === message)
  }

  /** Removes messages that were appended or never can be; `ids` are the ids that the append returned, some of which may be older. */
  remove (runId: string, batch: readonly M[], ids: readonly EventId[]): void {
    const queue = this.#queueOf(runId)
    if (this.beginsWith(runId, batch)) this.#take(queue, 0, batch.length)
    else for (const message of batch) this.#take(queue, queue.messages.indexOf(message), 1)
    for (const id of ids) know(queue, id)
  }

  /** Takes out messages that another process has appended; `last` is the newest id of the log after them. */
  acknowledge (runId: string, hashes: readonly string[], last: EventId): void {
    const queue = this.#queueOf(runId)
    if (isKnown(queue, last)) return
    // An acknowledgement comes after its message. One without was for a message from before this process listened.
    for (const hash of hashes) this.#consume(queue, hash)
    know(queue, last)
  }

  /** Notes that the run was claimed with `token`, and takes out the messages that its log has. */
  claimed (runId: string, token: number, entries: readonly IngestedEntry[], last: EventId): void {
    const queue = this.#queueOf(runId)
    for (const { id, hash } of entries) if (!isKnown(queue, id) && !this.#consume(queue, hash)) this.#expect(queue, hash)
    know(queue, last)
    queue.claimToken = token
  }

  isClaimed (runId: string, token: number): boolean {
    return this.#queues.get(runId)?.claimToken === token
  }

  /** Has the run claimed again, because the outcome of an append is unknown. */
  unclaim (runId: string): void {
    this.#queueOf(runId).claimToken = 0
  }

  /** The id up to which every message of the run's log has left the queue; null when it is unknown. */
  knownOf (runId: string): EventId | null {
    return this.#queues.get(runId)?.known ?? null
  }

  /** Forgets runs that have been idle for a minute, and messages that arrived before `messagesBefore` (monotonic clock). */
  forget (messagesBefore: number): void {
    const idleSince = this.#now() - IDLE_MS
    for (const [runId, queue] of this.#queues) {
      const young = queue.messages.findIndex(({ receivedAt }) => receivedAt >= messagesBefore)
      this.#take(queue, 0, young === -1 ? queue.messages.length : young)
      if (queue.messages.length === 0 && queue.touchedAt < idleSince) this.#queues.delete(runId)
    }
  }

  #queueOf (runId: string): RunQueue<M> {
    let queue = this.#queues.get(runId)
    if (queue === undefined) {
      queue = { messages: [], early: [], known: null, claimToken: 0, touchedAt: 0 }
      this.#queues.set(runId, queue)
    }
    queue.touchedAt = this.#now()
    return queue
  }

  /** Takes out the first message with this hash; @returns whether there was one */
  #consume (queue: RunQueue<M>, hash: string): boolean {
    const index = queue.messages.findIndex((message) => message.hash === hash)
    this.#take(queue, index, 1)
    return index !== -1
  }

  #expect (queue: RunQueue<M>, hash: string): void {
    const now = this.#now()
    queue.early = queue.early.filter(({ until }) => until > now)
    queue.early.push({ hash, until: now + EARLY_MS })
  }

  #take (queue: RunQueue<M>, index: number, count: number): void {
    if (index === -1) return
    for (const { bytes } of queue.messages.splice(index, count)) {
      this.#messages--
      this.#bytes -= bytes
    }
  }
}

function isKnown ({ known }: RunQueue<unknown>, id: EventId): boolean {
  if (known === null) return false
  return msOf(id) < msOf(known) || (msOf(id) === msOf(known) && seqOf(id) <= seqOf(known))
}

function know (queue: RunQueue<unknown>, id: EventId): void {
  if (!isKnown(queue, id)) queue.known = id
}
