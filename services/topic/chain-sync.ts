import { ORIGIN, type EventId } from '@runcast/protocol'
import { UnavailableError } from '../problems/storage-errors.ts'
import type { Gap } from '../run-log/gap.ts'
import type { LiveMessage } from '../run-log/live-message.ts'
import type { LogEvent, LogFacts, Page, RunLog } from '../run-log/run-log.ts'
import { PAGE_EVENTS } from '../run-log/shared-reads.ts'
import type { Chain } from './chain.ts'
import { RetryTimer } from './retry-timer.ts'
import type { EncodedEvent } from './ring.ts'

/** Hears what a sync does to its chain. Its functions must not throw. */
export interface SyncListener {
  /** The log has told the facts of the run. */
  learned (facts: LogFacts): void
  /** These events, at least one, were added to the chain. */
  extended (entries: readonly EncodedEvent[]): void
  /** So many events that the live channel had not brought were read from the log. */
  repaired (events: number): void
  /** The log no longer has the newest event of the chain, which is about to move. The run goes on after `position`. */
  broken (gap: Gap, position: EventId): void
  /** The log has forgotten the run for good. The chain begins anew after this call. */
  forgotten (): void
  /** The log can not be read, and waiting would not help. */
  unreadable (): void
}

/** The most messages that wait while the log is read; those beyond them are read from the log as well. */
const MOST_WAITING = 1_000

/** The time for which the log's word on the end of the run holds, in milliseconds. */
const CONFIRMED_MS = 1_000

/**
 * Keeps a chain level with its run's log. A live message is taken only if it continues the chain exactly. Everything
 * else is repaired from the log.
 */
export class ChainSync {
  readonly #runId: string
  readonly #log: RunLog
  readonly #chain: Chain
  readonly #listener: SyncListener
  readonly #retry = new RetryTimer(() => this.repair())
  /** The messages that came while the log is read; null while none has to wait. */
  #waiting: LiveMessage[] | null = []
  #repair: Promise<boolean> | null = null
  /** By the monotonic clock. */
  #confirmedAt = -Infinity
  #isUnreadable = false
  #isClosed = false

  constructor (runId: string, log: RunLog, chain: Chain, listener: SyncListener) {
    this.#runId = runId
    this.#log = log
    this.#chain = chain
    this.#listener = listener
  }

  /** True when the log has confirmed a moment ago that the chain has the end of the run. */
  get isConfirmed (): boolean {
    return this.#waiting === null && performance.now() - this.#confirmedAt < CONFIRMED_MS
  }

  /** True while the log behind the chain can not be read, so that the chain must not be shown. */
  get isUnreadable (): boolean {
    return this.#isUnreadable
  }

  /**
   * Finds the end of the run. To be called once, after the subscription is acknowledged.
   *
   * @throws as `RunLog.readPage` does
   */
  async start (): Promise<void> {
    const page = await this.#log.readPage({ runId: this.#runId, from: { at: 'end' }, limit: 1 })
    if (this.#chain.shows(page.facts)) {
      this.#chain.moveTo(page.resume.position)
      this.#learn(page.facts)
    }
    if (!this.#takeWaiting()) this.repair()
  }

  /** Takes a message of the run's live channel. */
  receive (message: LiveMessage): void {
    if (this.#isClosed) return
    if (this.#waiting !== null) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(message)
    } else if (!this.#take(message)) {
      this.repair()
    }
  }

  /** Takes note of a page that was read for others: a page that tells no news confirms the chain. */
  confirm (facts: LogFacts): void {
    if (this.#chain.isLevelWith(facts)) this.#confirmedAt = performance.now()
  }

  /**
   * Brings the chain up to the log. Callers share a repair that is under way.
   *
   * @returns true when the chain is level; false while the log does not answer, which is tried again, and for a run of
   *   another tenant
   */
  repair (): Promise<boolean> {
    return this.#repair ?? this.#track(this.#repairAll())
  }

  /** Brings the chain up to the log as it is now: a repair under way may have read it before. */
  repairAnew (): Promise<boolean> {
    return this.#track(this.#repair === null ? this.#repairAll() : this.#repair.then(() => this.#repairAll()))
  }

  /** Stops all timers; nothing is received afterwards. */
  close (): void {
    this.#isClosed = true
    this.#retry.stop()
  }

  #track (repair: Promise<boolean>): Promise<boolean> {
    const tracked = repair.finally(() => { if (this.#repair === tracked) this.#repair = null })
    this.#repair = tracked
    return tracked
  }

  async #repairAll (): Promise<boolean> {
    this.#waiting ??= []
    try {
      for (;;) {
        const standing = await this.#readOn()
        if (standing === 'elsewhere' || this.#isClosed) break
        if (standing === 'level' && this.#takeWaiting()) {
          this.#retry.succeed()
          this.#isUnreadable = false
          return true
        }
      }
    } catch (error) {
      if (!(error instanceof UnavailableError)) this.#giveUp()
      else if (!this.#isClosed) this.#retry.later()
    }
    this.#waiting = null
    this.#confirmedAt = -Infinity
    return false
  }

  #giveUp (): void {
    this.#isUnreadable = true
    this.#listener.unreadable()
  }

  /** Reads a page after the newest event of the chain and takes it over. */
  async #readOn (): Promise<'elsewhere' | 'behind' | 'level'> {
    const page = await this.#log.readPage({
      runId: this.#runId, from: { at: 'cursor', cursor: this.#chain.last }, limit: PAGE_EVENTS
    })
    if (!this.#chain.shows(page.facts)) return 'elsewhere'
    if (page.resume.gap !== null) {
      await this.#moveOver(page, page.resume.gap)
      return 'behind'
    }
    this.#learn(page.facts)
    if (page.events.length > 0) this.#listener.repaired(page.events.length)
    this.#extend(page.events)
    return this.#chain.last === page.facts.last ? 'level' : 'behind'
  }

  /** Moves the chain over a gap: after the newest event that the log still has, if the history was forked. */
  async #moveOver ({ facts, resume }: Page, gap: Gap): Promise<void> {
    const kept = gap.reason === 'forked' ? await this.#log.newestKept(this.#runId, this.#chain.ids()) : null
    const position = kept ?? resume.position
    this.#listener.broken(gap, position)
    this.#chain.moveTo(position)
    this.#learn(facts)
    if (facts.exists || gap.reason !== 'expired') return
    this.#listener.forgotten()
    this.#chain.moveTo(ORIGIN)
  }

  /** Takes the messages that waited; @returns false when the log must be read again */
  #takeWaiting (): boolean {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    if (waiting.length < MOST_WAITING && waiting.every((message) => this.#take(message))) return true
    this.#waiting = []
    return false
  }

  /** @returns false when the message does not continue the chain */
  #take (message: LiveMessage): boolean {
    const events = this.#chain.newIn(message)
    if (events !== null) this.#extend(events)
    return events !== null
  }

  #extend (events: readonly LogEvent[]): void {
    if (events.length > 0) this.#listener.extended(events.map((event) => this.#chain.add(event)))
  }

  #learn (facts: LogFacts): void {
    this.#chain.learn(facts)
    this.#confirmedAt = performance.now()
    this.#listener.learned(facts)
  }
}
