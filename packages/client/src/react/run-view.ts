import { backoffMs, isAtOrBefore } from '@runcast/protocol'
import { isTransient, RuncastError } from '../errors.ts'
import { pause } from '../pause.ts'
import type { RunEvent } from '../stream-items.ts'
import { EventStore } from './event-store.ts'
import { readAfter, readTail, type Gap, type LogSource } from './read-log.ts'
import type { Batch, Connection, RunTopic, TopicListener } from './run-topic.ts'

/** The beginning of the events: the first kept, the next to come, the newest `tail`, or the first after an id. */
export type From = 'first' | 'now' | { readonly tail: number } | { readonly after: string }

export interface RunViewOptions {
  readonly topic: RunTopic
  readonly source: Omit<LogSource, 'signal'>
  readonly from: From
  readonly store: EventStore
}

const BEFORE_FIRST = '0-0'

/** The most batches that wait while the log is read. With more, they are dropped and the log is read again. */
const MAX_WAITING_BATCHES = 5_000

const READ_AGAIN = { baseMs: 250, maxMs: 3_000 }

/**
 * Gives one run's events from a beginning on: first the log, then the batches of the topic. It takes a batch only if
 * it follows exactly on the last event; any other events are read from the log.
 */
export class RunView implements TopicListener {
  readonly #options: RunViewOptions
  readonly #stop = new AbortController()
  /** The id of the last event that was taken or is known to be missing; null before the beginning is known. */
  #cursor: string | null
  #reading = false
  /** The batches that came while the log was being read. */
  #waiting: Batch[] = []
  /** The topic's number of gaps when the log last accepted the cursor; -1 before that. */
  #gaps = -1
  #denied = false
  #wasCaughtUp = false

  constructor (options: RunViewOptions) {
    this.#options = options
    this.#cursor = firstCursor(options.from)
  }

  start (): void {
    this.#options.topic.listen(this)
    this.stateChanged()
  }

  stop (): void {
    this.#stop.abort()
    this.#options.topic.unlisten(this)
  }

  batchCame (batch: Batch): void {
    this.#startAt(batch.prev)
    if (this.#reading) {
      if (this.#waiting.push(batch) > MAX_WAITING_BATCHES) this.#waiting = []
    } else if (!this.#take(batch)) {
      this.#waiting = [batch]
      this.#read()
    }
    this.#show()
  }

  stateChanged (): void {
    this.#startAt(this.#options.topic.state.position)
    this.#read()
    this.#show()
  }

  /** Sets the beginning to a position of the stream, for a view that begins with the next event. */
  #startAt (position: string | null): void {
    if (!this.#startsNow() || this.#cursor !== null || position === null) return
    this.#cursor = position
    this.#gaps = this.#options.topic.state.gaps
  }

  #startsNow (): boolean {
    return this.#options.from === 'now' || tailOf(this.#options.from) === 0
  }

  /** Adds the new part of a batch. @returns false if the batch does not follow on the last event */
  #take ({ prev, events }: Batch): boolean {
    const last = events.at(-1)?.id
    const cursor = this.#cursor
    if (cursor === null || last === undefined) return cursor !== null
    const known = prev === cursor ? -1 : events.findLastIndex(({ id }) => id === cursor)
    if (known === -1 && prev !== cursor) return isAtOrBefore(last, cursor)
    this.#add(events.slice(known + 1))
    return true
  }

  #add (events: readonly RunEvent[]): void {
    this.#cursor = events.at(-1)?.id ?? this.#cursor
    this.#options.store.append(events)
  }

  /** Reads the log until no event is missing. */
  async #read (): Promise<void> {
    if (this.#reading || this.#isCaughtUp() || (this.#startsNow() && this.#cursor === null)) return
    this.#reading = true
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      const complete = await this.#readOnce()
      this.#waiting = this.#waiting.filter((batch) => !this.#take(batch))
      this.#show()
      const { position } = this.#options.topic.state
      if (this.#denied || (complete && (position === null || this.#isCaughtUp()))) break
      // Events of the topic are in the log, so the next read has them. Only the reads after that need a pause.
      if (attempt > 0 || !complete) await pause(backoffMs(attempt, READ_AGAIN), this.#stop.signal)
    }
    this.#reading = false
    this.#waiting = []
  }

  /** @returns whether the log was read to its end */
  async #readOnce (): Promise<boolean> {
    const source = { ...this.#options.source, signal: this.#stop.signal }
    const { gaps } = this.#options.topic.state
    this.#denied = false
    try {
      if (this.#cursor === null) await this.#readTail(source)
      else await this.#readAfter(source, this.#cursor)
    } catch (error) {
      if (!(error instanceof RuncastError && error.code === 'run_not_found')) {
        this.#denied = !isTransient(error) && !this.#stop.signal.aborted
        return false
      }
      this.#runIsGone()
    }
    this.#gaps = gaps
    return true
  }

  async #readTail (source: LogSource): Promise<void> {
    const events = await readTail(source, tailOf(this.#options.from) ?? 0)
    this.#cursor = BEFORE_FIRST
    this.#add(events)
  }

  async #readAfter (source: LogSource, cursor: string): Promise<void> {
    for await (const part of readAfter(source, cursor)) {
      if (this.#stop.signal.aborted) return
      if ('events' in part) this.#add(part.events)
      else this.#takeGap(part.gap)
      this.#show()
    }
  }

  #takeGap (gap: Gap): void {
    this.#cursor = gap.resumed_after
    this.#options.store.gap(gap)
  }

  /** Handles a run that does not exist yet or any more. A position of the stream between events then shows a gap. */
  #runIsGone (): void {
    const { topic, source: { caller, runId } } = this.#options
    const { position } = topic.state
    const requested = this.#cursor ?? BEFORE_FIRST
    this.#cursor = requested
    if (position !== null && position !== requested && position.endsWith('-0')) {
      const reason = position === BEFORE_FIRST ? 'forked' : 'expired'
      this.#takeGap({ reason, requested, resumed_after: position, lost: null, history_url: caller.runUrl(runId, 'events') })
    }
  }

  #isCaughtUp (): boolean {
    const { position, gaps } = this.#options.topic.state
    return gaps === this.#gaps && position !== null && this.#cursor !== null && isAtOrBefore(position, this.#cursor)
  }

  #show (): void {
    const { topic, store } = this.#options
    store.show({ connection: this.#connection(), status: topic.state.status })
  }

  #connection (): Connection {
    const { connection } = this.#options.topic.state
    if (this.#isCaughtUp()) {
      this.#wasCaughtUp = true
      return connection
    }
    if (this.#denied) return 'denied'
    if (connection !== 'live' && connection !== 'waiting' && connection !== 'ended') return connection
    return this.#wasCaughtUp ? 'reconnecting' : 'connecting'
  }
}

/** The cursor of a beginning; null if only the log or the stream knows it. */
function firstCursor (from: From): string | null {
  if (from === 'first') return BEFORE_FIRST
  return typeof from === 'object' && 'after' in from ? from.after : null
}

function tailOf (from: From): number | null {
  return typeof from === 'object' && 'tail' in from ? from.tail : null
}
