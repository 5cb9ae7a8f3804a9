import { ORIGIN, PUBLISH_REFUSED, type EventId } from '@runcast/protocol'
import type { Gap } from '../run-log/gap.ts'
import type { LiveMessage } from '../run-log/live-message.ts'
import type { From, LogFacts, Page } from '../run-log/run-log.ts'
import { SharedReads } from '../run-log/shared-reads.ts'
import { endFrame, gapFrame } from '../sse/frames.ts'
import { ChainSync } from './chain-sync.ts'
import { Chain } from './chain.ts'
import type { Filter } from './filter.ts'
import { FlushScheduler } from './flush-scheduler.ts'
import { GraceTimer } from './grace.ts'
import { DEFAULT_LAG_BYTES, Lane } from './lane.ts'
import type { FollowedRun } from './followed-run.ts'
import { EncodedPages, type EncodedPage } from './pages.ts'
import type { EncodedEvent } from './ring.ts'
import type { TopicMemory } from './topic-memory.ts'
import type { TopicObserver, TopicOptions } from './topic-options.ts'

/**
 * One followed run in this process, as one tenant sees it below one base path: a chain that is kept level with the log, pages of it for
 * the followers that catch up, and the lane of those that have.
 */
export class Topic {
  readonly run: FollowedRun
  /** The caught-up followers. */
  readonly lane: Lane
  readonly #observer: TopicObserver
  readonly #chain: Chain
  readonly #sync: ChainSync
  readonly #pages: EncodedPages
  readonly #flushes: FlushScheduler
  readonly #grace: GraceTimer

  constructor (run: FollowedRun, options: TopicOptions, memory: TopicMemory) {
    const { log, graceMs, terminalStatuses, observer, lagBytes = DEFAULT_LAG_BYTES } = options
    const { runId, tenant } = run
    this.run = run
    this.lane = new Lane(ORIGIN, lagBytes)
    this.#observer = observer
    this.#chain = new Chain(tenant, terminalStatuses, memory.createRing())
    this.#pages = new EncodedPages(new SharedReads(runId, log, (page) => this.#remember(page)), memory)
    this.#flushes = new FlushScheduler(() => this.lane.flush(this.last), () => this.lane.size)
    this.#grace = new GraceTimer(graceMs, () => this.repair(), () => this.#finishAll())
    this.#sync = new ChainSync(runId, log, this.#chain, {
      learned: (facts) => this.#grace.learn(facts),
      extended: (entries) => this.#deliver(entries),
      repaired: (events) => observer.repaired(events),
      broken: (gap, position) => this.#announceGap(gap, position),
      forgotten: () => this.#finishAll(),
      unreadable: () => this.#emptyLane()
    })
  }

  /** The id of the newest event known. */
  get last (): EventId {
    return this.#chain.last
  }

  /** The facts of the run as far as they are known; exact when `isOver`. */
  get facts (): LogFacts {
    return this.#chain.facts
  }

  /** True when the run is finished and the log has proved that its stragglers are in. */
  get isOver (): boolean {
    return this.#grace.isOver
  }

  /**
   * Finds the end of the run. To be called once, after the subscription is acknowledged.
   *
   * @throws as `RunLog.readPage` does
   */
  start (): Promise<void> {
    return this.#sync.start()
  }

  /** Takes a message of the run's live channel. */
  receive (message: LiveMessage): void {
    this.#sync.receive(message)
  }

  /**
   * Brings the topic up to the log.
   *
   * @returns true when it is; false while the log does not answer, which is tried again, and for a run of another tenant
   */
  repair (): Promise<boolean> {
    return this.#sync.repair()
  }

  /** Brings the topic up to the log as it is now: a repair under way may have read it before. */
  repairAnew (): Promise<boolean> {
    return this.#sync.repairAnew()
  }

  /**
   * Gives the page that a stream begins with. Memory answers for a recent cursor, for the end of the run, and for a run
   * that does not exist yet; the log for all else.
   *
   * @param mustExist whether a stream of a run that does not exist is refused: for good, so that only the log may say so
   * @returns null when the run is another tenant's
   * @throws as `RunLog.readPage` does
   */
  async firstPage (from: From, filter: Filter, mustExist: boolean): Promise<EncodedPage | null> {
    return this.#firstFromMemory(from, filter, mustExist) ?? await this.#read(from, filter)
  }

  /**
   * Gives the page after a cursor, from memory if it is there.
   *
   * @returns null when the run is another tenant's
   * @throws as `RunLog.readPage` does
   */
  async pageAfter (cursor: EventId, filter: Filter): Promise<EncodedPage | null> {
    return this.#fromMemory(cursor, filter) ?? await this.#read({ at: 'cursor', cursor }, filter)
  }

  /** Writes a heartbeat to the lane if it is idle, and lets go of memory that other topics need. */
  tick (now: number, heartbeatMs: number): void {
    this.lane.heartbeat(now, heartbeatMs)
    this.#chain.trim()
  }

  /** Writes all queued events to the lane now. */
  flush (): void {
    this.#flushes.now()
  }

  /** Stops all timers; nothing is received afterwards. */
  close (): void {
    this.#sync.close()
    this.#flushes.cancel()
    this.#grace.stop()
  }

  #firstFromMemory (from: From, filter: Filter, mustExist: boolean): EncodedPage | null {
    // Only the log's clock tells whether the grace of a finished run is over.
    if (this.#chain.isFinished) return null
    if (from.at === 'cursor') return this.#fromMemory(from.cursor, filter)
    const needsNoEvent = this.facts.exists ? from.at === 'end' : !mustExist
    return needsNoEvent && this.#sync.isConfirmed ? this.#chain.end(filter) : null
  }

  #fromMemory (cursor: EventId, filter: Filter): EncodedPage | null {
    return this.#sync.isUnreadable ? null : this.#chain.after(cursor, filter)
  }

  async #read (from: From, filter: Filter): Promise<EncodedPage | null> {
    const page = await this.#pages.read(this.run, from, filter)
    return this.#chain.shows(page.facts) ? page : null
  }

  /** A page that reaches the chain spares the next follower a read. */
  #remember ({ facts, events }: Page): void {
    if (!this.#chain.shows(facts)) return
    this.#chain.addOlder(events)
    this.#sync.confirm(facts)
  }

  #deliver (entries: readonly EncodedEvent[]): void {
    for (const entry of entries) this.lane.push(entry)
    if (this.#chain.isFinished && entries.some(({ event }) => event.type !== PUBLISH_REFUSED)) this.#grace.noteEvent(this.facts)
    this.#flushes.schedule(entries.length)
  }

  /** Tells the lane that the log no longer has its position, and moves it to where the run goes on. */
  #announceGap (gap: Gap, position: EventId): void {
    this.flush()
    this.#pages.forget()
    const followers = this.lane.size
    if (followers > 0) this.#observer.gap(gap.reason, followers)
    this.lane.announce(gapFrame(this.run.runId, gap, position, this.run.basePath), position)
    this.#grace.forget()
  }

  /** Lets each follower read the log by itself. */
  #emptyLane (): void {
    for (const member of this.lane.members()) {
      this.lane.remove(member)
      member.fallBack(this.lane.position)
    }
  }

  #finishAll (): void {
    this.flush()
    const frame = endFrame(this.facts, this.last)
    for (const member of this.lane.members()) member.finish(frame)
  }
}
