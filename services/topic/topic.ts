import { ORIGIN, type EventId } from '@runcast/protocol'
import { effectOf } from '../run-log/effect.ts'
import type { Gap } from '../run-log/gap.ts'
import type { LiveMessage } from '../run-log/live-message.ts'
import { noFacts, RunLogError, type From, type LogEvent, type LogFacts, type Page } from '../run-log/run-log.ts'
import { endFrame, gapFrame } from '../sse/frames.ts'
import { EVERYTHING, type Filter } from './filter.ts'
import { FlushScheduler } from './flush-scheduler.ts'
import { GraceTimer } from './grace.ts'
import { DEFAULT_LAG_BYTES, Lane } from './lane.ts'
import { PAGE_EVENTS, pageOf, SharedPages, type EncodedPage } from './pages.ts'
import { RetryTimer } from './retry-timer.ts'
import { encodeEvent, type Ring } from './ring.ts'
import type { TopicMemory } from './topic-memory.ts'
import type { TopicOptions } from './topic-options.ts'

/** How many messages wait while the log is read; what comes beyond them is read from the log as well. */
const MOST_WAITING = 1_000

/** For how long what the log has said answers those who begin at the newest event, in milliseconds. */
const CONFIRMED_MS = 1_000

/**
 * What this process holds of one followed run: the chain of its newest events, kept unbroken. A live message is
 * taken only if it continues the chain exactly; whatever does not is repaired from the run log before anything is
 * sent. Sees the run as one tenant does.
 */
export class Topic {
  readonly runId: string
  readonly tenant: string
  /** Its caught-up followers. */
  readonly lane: Lane
  readonly #options: TopicOptions
  readonly #pages: SharedPages
  readonly #ring: Ring
  readonly #grace: GraceTimer
  #facts = noFacts(0)
  #last: EventId = ORIGIN
  #waiting: LiveMessage[] | null = []
  #repair: Promise<boolean> | null = null
  readonly #retry = new RetryTimer(() => this.repair())
  readonly #flushes = new FlushScheduler(() => this.lane.flush(this.#last), () => this.lane.size)
  /** When the log has last told this tenant of the run, or that there is none; by the monotonic clock. */
  #confirmedAt = -Infinity
  /** Whether what is in memory may not be told, since the log behind it can't be read. */
  #isUnreadable = false
  #closed = false

  constructor (runId: string, tenant: string, options: TopicOptions, memory: TopicMemory) {
    this.runId = runId
    this.tenant = tenant
    this.#options = options
    this.#pages = new SharedPages(runId, options.log, memory)
    this.#ring = memory.createRing()
    this.lane = new Lane(ORIGIN, options.lagBytes ?? DEFAULT_LAG_BYTES)
    this.#grace = new GraceTimer(options.graceMs, () => this.repair(), () => this.#finish())
  }

  /** The id of the newest event known. */
  get last (): EventId {
    return this.#last
  }

  /** What is known of the run; exact when `isOver`. */
  get facts (): LogFacts {
    // How many there are of each type is read where it is told.
    if (this.#facts.last !== this.#last) this.#facts = { ...this.#facts, last: this.#last, counts: null }
    return this.#facts
  }

  /** Whether the run is finished and its stragglers are in, proved by the log. */
  get isOver (): boolean {
    return this.#grace.isOver
  }

  /** Finds where the run stands. To be called once, after the subscription is acknowledged. */
  async start (): Promise<void> {
    const page = await this.#options.log.readPage({ runId: this.runId, from: { at: 'end' }, limit: 1 })
    if (this.#isVisible(page)) {
      this.#last = page.resume.position
      this.lane.flush(this.#last)
      this.#learn(page.facts)
    }
    if (!this.#applyWaiting()) this.repair()
  }

  /** Takes a message of the run's live channel. */
  receive (message: LiveMessage): void {
    if (this.#closed) return
    if (this.#waiting !== null) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(message)
      return
    }
    if (!this.#apply(message)) this.repair()
  }

  /**
   * Brings the topic up to what the log has now.
   *
   * @returns whether it is; false while the log does not answer (it is then tried again) or the run is another tenant's
   */
  repair (): Promise<boolean> {
    return this.#repair ?? this.#track(this.#repairAll())
  }

  /** The same, also as of now where a repair is under way that may have read the log before. */
  repairAnew (): Promise<boolean> {
    return this.#track(this.#repair === null ? this.#repairAll() : this.#repair.then(() => this.#repairAll()))
  }

  /** What follows a cursor, if it is in memory. */
  fromRing (cursor: EventId, filter: Filter): EncodedPage | null {
    if (this.#isUnreadable) return null
    if (cursor === this.#last) return this.#facts.exists ? pageOf(this.facts, cursor, [], filter) : null
    const entries = this.#ring.after(cursor)
    return entries === null ? null : pageOf(this.facts, cursor, entries, filter)
  }

  /** The place after the newest event, if the log has confirmed it a moment ago. */
  newest (filter: Filter): EncodedPage | null {
    const isConfirmed = this.#waiting === null && performance.now() - this.#confirmedAt < CONFIRMED_MS
    return isConfirmed ? pageOf(this.facts, this.#last, [], filter) : null
  }

  /**
   * Reads a page of the log.
   *
   * @returns null when the run is another tenant's
   * @throws RunLogError as `RunLog.readPage` does
   */
  async read (from: From, filter: Filter = EVERYTHING): Promise<EncodedPage | null> {
    const page = await this.#pages.read(from, filter, (read) => this.#prefill(read))
    return this.#isVisible(page) ? page : null
  }

  /** What time brings: a sign of life for idle followers, less room in memory when there are more topics. */
  tick (now: number, heartbeatMs: number): void {
    this.lane.beat(now, heartbeatMs)
    this.#ring.trim()
  }

  /** Writes what is queued for the lane now. */
  flush (): void {
    this.#flushes.now()
  }

  /** Stops all timers; nothing is received afterwards. */
  close (): void {
    this.#closed = true
    this.#flushes.cancel()
    this.#grace.stop()
    this.#retry.stop()
  }

  #isVisible (page: { readonly facts: LogFacts }): boolean {
    return !page.facts.exists || page.facts.tenant === this.tenant
  }

  /** A page that reaches the topic's chain spares those who come next a read. */
  #prefill (page: Page): void {
    if (!this.#isVisible(page)) return
    this.#ring.prepend(page.events, this.#last)
    if (page.facts.exists === this.#facts.exists && page.facts.last === this.#last) this.#confirmedAt = performance.now()
  }

  /** @returns false when the message does not continue the chain */
  #apply (message: LiveMessage): boolean {
    if (!this.#facts.exists) return false
    if (message.events === null) return message.last === this.#last
    if (message.prev === this.#last) {
      this.#accept(message.events)
      return true
    }
    const known = message.events.findIndex((event) => event.id === this.#last)
    if (known !== -1) this.#accept(message.events.slice(known + 1))
    return known !== -1 || this.#ring.has(message.last)
  }

  #accept (events: readonly LogEvent[]): void {
    for (const event of events) {
      const entry = encodeEvent(event)
      this.#ring.push(entry)
      this.lane.push(entry)
      this.#last = event.id
      if (event.type === 'status_change') this.#noticeStatus(event)
    }
    if (events.length === 0) return
    if (this.#facts.terminalId !== null) this.#grace.noteEvent(this.facts)
    this.#flushes.schedule(events.length)
  }

  #noticeStatus (event: LogEvent): void {
    const effect = effectOf(event.type, JSON.parse(event.data), this.#options.terminalStatuses)
    if (effect?.status === undefined || this.#facts.terminalId !== null) return
    this.#facts = { ...this.#facts, status: effect.status, terminalId: effect.terminal === true ? event.id : null }
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
        if (standing === 'elsewhere' || this.#closed) break
        if (standing === 'level' && this.#applyWaiting()) {
          this.#retry.succeed()
          this.#isUnreadable = false
          return true
        }
      }
    } catch (error) {
      if (!(error instanceof RunLogError) || error.code !== 'unavailable') this.#leaveLane()
      else if (!this.#closed) this.#retry.later()
    }
    this.#waiting = null
    this.#confirmedAt = -Infinity
    return false
  }

  /** The log is not what it should be: lets each follower read it by itself, which tells it so. */
  #leaveLane (): void {
    this.#isUnreadable = true
    for (const member of this.lane.members()) {
      this.lane.remove(member)
      member.fallBack(this.lane.position)
    }
  }

  /** Reads what follows the newest event known and takes it over. */
  async #readOn (): Promise<'elsewhere' | 'behind' | 'level'> {
    const page = await this.#options.log.readPage({
      runId: this.runId, from: { at: 'cursor', cursor: this.#last }, limit: PAGE_EVENTS
    })
    if (!this.#isVisible(page)) return 'elsewhere'
    if (page.resume.gap !== null) {
      await this.#goOnAfterGap(page, page.resume.gap)
      return 'behind'
    }
    this.#learn(page.facts)
    if (page.events.length > 0) this.#options.observer.repaired(page.events.length)
    this.#accept(page.events)
    return this.#last === page.facts.last ? 'level' : 'behind'
  }

  /** Takes the messages that came meanwhile; @returns false when the log must be read again. */
  #applyWaiting (): boolean {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    if (waiting.length < MOST_WAITING && waiting.every((message) => this.#apply(message))) return true
    this.#waiting = []
    return false
  }

  /** The log no longer has the newest event: everyone on the lane is told, and goes on after the newest common one. */
  async #goOnAfterGap (page: Page, gap: Gap): Promise<void> {
    const common = gap.reason === 'forked' ? await this.#options.log.newestKept(this.runId, this.#ring.ids()) : null
    this.flush()
    this.#ring.cutAfter(common ?? '')
    this.#pages.forget()
    const position = common ?? page.resume.position
    const followers = this.lane.size
    if (followers > 0) this.#options.observer.gap(gap.reason, followers)
    this.lane.announce(gapFrame(this.runId, gap, position), position)
    this.#last = position
    this.#grace.forget()
    this.#learn(page.facts)
    if (!page.facts.exists && gap.reason === 'expired') this.#beginAgain()
  }

  /** The run is gone for good: everyone is told so, and who comes after that waits for a new one. */
  #beginAgain (): void {
    this.#finish()
    this.#last = ORIGIN
    this.lane.flush(ORIGIN)
  }

  /** Takes over what a read of the log says of the run. */
  #learn (facts: LogFacts): void {
    this.#facts = { ...facts, last: this.#last }
    this.#confirmedAt = performance.now()
    this.#grace.learn(facts)
  }

  #finish (): void {
    this.flush()
    for (const member of this.lane.members()) member.finish(endFrame(this.facts, this.#last))
  }
}
