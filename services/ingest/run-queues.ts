import { msOf, seqOf, type EventId } from '@runcast/protocol'
import type { NewEvent } from '../run-log/run-log.ts'
import type { IngestedEntry } from '../run-log/redis/ingest-claims.ts'

/** A message that is not known to be in the log. */
export interface PendingMessage {
  /** Of the raw message. Two messages may have the same. */
  readonly hash: string
  readonly event: NewEvent
  readonly tenant: string
  readonly bytes: number
  /** By the monotonic clock, in milliseconds. */
  readonly receivedAt: number
}

/** How long what was read in the log waits for its message, in milliseconds. */
const EARLY_MS = 2_000

/** For how long an idle run is remembered, in milliseconds. */
const IDLE_MS = 60_000

/** What is known of one run. */
interface RunQueue {
  /** In the order of arrival. */
  readonly messages: PendingMessage[]
  /** Hashes of messages that are in the log but have not arrived yet. */
  early: Array<{ readonly hash: string, readonly until: number }>
  /** Everything up to this id is accounted for. */
  known: EventId | null
  /** The token of the term in which the run was claimed last. */
  claimedIn: number
  touchedAt: number
}

/**
 * The raw messages of all runs that are not known to be in the log, each run's in order. A message leaves when the log
 * is known to have it: the hashes of what was ingested are consumed one by one, so that of two identical messages
 * neither is lost nor doubled.
 */
export class RunQueues {
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #queues = new Map<string, RunQueue>()
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

  /** How many messages wait. */
  get size (): number {
    return this.#messages
  }

  /** How many bytes they have. */
  get bytes (): number {
    return this.#bytes
  }

  /** The runs that have waiting messages. */
  waiting (): string[] {
    return [...this.#queues].filter(([, { messages }]) => messages.length > 0).map(([runId]) => runId)
  }

  /** How long the first message of a run has waited, in milliseconds; 0 when there is none. */
  waitedMs (runId: string): number {
    const first = this.#queues.get(runId)?.messages[0]
    return first === undefined ? 0 : this.#now() - first.receivedAt
  }

  /** Whether no message of a run waits. */
  isEmpty (runId: string): boolean {
    return (this.#queues.get(runId)?.messages.length ?? 0) === 0
  }

  /**
   * Takes a message in.
   *
   * @returns false when there is no room for it
   */
  add (runId: string, message: PendingMessage): boolean {
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
  first (runId: string, most: number, maxBytes: number): readonly PendingMessage[] {
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

  /** Whether these are still the first messages of a run. */
  beginsWith (runId: string, batch: readonly PendingMessage[]): boolean {
    const messages = this.#queues.get(runId)?.messages ?? []
    return batch.every((message, index) => messages[index] === message)
  }

  /** Lets go of messages that were appended or can't ever be; `ids` are those that the append gave, some of which may be older. */
  remove (runId: string, batch: readonly PendingMessage[], ids: readonly EventId[]): void {
    const queue = this.#queueOf(runId)
    if (this.beginsWith(runId, batch)) this.#take(queue, 0, batch.length)
    else for (const message of batch) this.#take(queue, queue.messages.indexOf(message), 1)
    for (const id of ids) know(queue, id)
  }

  /** Another process has appended messages with these hashes; `last` is the newest id of the log after it. */
  acknowledge (runId: string, hashes: readonly string[], last: EventId): void {
    const queue = this.#queueOf(runId)
    if (isKnown(queue, last)) return
    // An acknowledgement comes after its message; what has none was from before this process listened.
    for (const hash of hashes) this.#consume(queue, hash)
    know(queue, last)
  }

  /** The run was claimed in the term of `token`, and its log read. */
  claimed (runId: string, token: number, entries: readonly IngestedEntry[], last: EventId): void {
    const queue = this.#queueOf(runId)
    for (const { id, hash } of entries) if (!isKnown(queue, id) && !this.#consume(queue, hash)) this.#await(queue, hash)
    know(queue, last)
    queue.claimedIn = token
  }

  isClaimed (runId: string, token: number): boolean {
    return this.#queues.get(runId)?.claimedIn === token
  }

  /** The run must be claimed again, since it is not known what became of an append. */
  unclaim (runId: string): void {
    this.#queueOf(runId).claimedIn = 0
  }

  /** The newest id of a run up to which everything is accounted for; null when that isn't known. */
  knownOf (runId: string): EventId | null {
    return this.#queues.get(runId)?.known ?? null
  }

  /** Forgets runs that have been idle for a minute, and messages that came before `messagesBefore` (monotonic clock). */
  forget (messagesBefore: number): void {
    const idleSince = this.#now() - IDLE_MS
    for (const [runId, queue] of this.#queues) {
      const young = queue.messages.findIndex(({ receivedAt }) => receivedAt >= messagesBefore)
      this.#take(queue, 0, young === -1 ? queue.messages.length : young)
      if (queue.messages.length === 0 && queue.touchedAt < idleSince) this.#queues.delete(runId)
    }
  }

  #queueOf (runId: string): RunQueue {
    let queue = this.#queues.get(runId)
    if (queue === undefined) {
      queue = { messages: [], early: [], known: null, claimedIn: 0, touchedAt: 0 }
      this.#queues.set(runId, queue)
    }
    queue.touchedAt = this.#now()
    return queue
  }

  /** @returns whether there was such a message */
  #consume (queue: RunQueue, hash: string): boolean {
    const index = queue.messages.findIndex((message) => message.hash === hash)
    this.#take(queue, index, 1)
    return index !== -1
  }

  #await (queue: RunQueue, hash: string): void {
    const now = this.#now()
    queue.early = queue.early.filter(({ until }) => until > now)
    queue.early.push({ hash, until: now + EARLY_MS })
  }

  #take (queue: RunQueue, index: number, count: number): void {
    if (index === -1) return
    for (const { bytes } of queue.messages.splice(index, count)) {
      this.#messages--
      this.#bytes -= bytes
    }
  }
}

function isKnown ({ known }: RunQueue, id: EventId): boolean {
  if (known === null) return false
  return msOf(id) < msOf(known) || (msOf(id) === msOf(known) && seqOf(id) <= seqOf(known))
}

function know (queue: RunQueue, id: EventId): void {
  if (!isKnown(queue, id)) queue.known = id
}
