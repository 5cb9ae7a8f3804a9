import { msOf } from '@runcast/protocol'
import type { LogFacts } from '../run-log/run-log.ts'

/** At most this many times the grace after the terminal status a stream ends, however many stragglers come. */
const MOST_GRACES = 10

/** The pause between two attempts to prove the end while the log does not answer, in milliseconds. */
const RETRY_MS = 500

/**
 * Works out the rest of a finished run's grace: it ends `graceMs` after the last event of its publisher, at most ten times that after
 * the terminal status. All times are those of the log's own clock.
 *
 * @returns milliseconds from `now`, 0 when the grace is over; null for an unfinished run
 */
export function graceLeft ({ now, quietSince, terminalId }: Pick<LogFacts, 'now' | 'quietSince' | 'terminalId'>, graceMs: number): number | null {
  if (terminalId === null) return null
  const sinceLast = Math.max(0, now - quietSince)
  const sinceTerminal = Math.max(0, now - msOf(terminalId))
  return Math.max(0, Math.min(graceMs - sinceLast, graceMs * MOST_GRACES - sinceTerminal))
}

/** Waits for the end of a finished run's grace, and has the log prove that no event came meanwhile. */
export class GraceTimer {
  readonly #graceMs: number
  readonly #prove: () => Promise<boolean>
  readonly #onOver: () => void
  #timer: NodeJS.Timeout | null = null
  /** The end of the grace by this process's clock; Infinity for an unfinished run. */
  #at = Infinity
  /** The latest end by this process's clock, ten graces after it heard of the terminal status: the log's clock may stand still. */
  #atMost = Infinity
  #isOver = false
  #isStopped = false

  /**
   * @param prove resolves with true when the log has no event that is not known here
   * @param onOver called when the grace has passed and that was proved
   */
  constructor (graceMs: number, prove: () => Promise<boolean>, onOver: () => void) {
    this.#graceMs = graceMs
    this.#prove = prove
    this.#onOver = onOver
  }

  /** True when the run is finished and the log has proved that its stragglers are in. */
  get isOver (): boolean {
    return this.#isOver
  }

  /**
   * Takes over the facts that the log gave. Only the first that tell of an end count: ids may be ahead of the log's
   * clock, and a grace that were worked out at every read would then never pass.
   */
  learn (facts: LogFacts): void {
    const left = graceLeft(facts, this.#graceMs)
    if (left === null) this.forget()
    else if (this.#at === Infinity) this.#set(left)
  }

  /** An event that is no remark has just been appended to the run: the log's clock is at that event. */
  noteEvent (facts: LogFacts): void {
    this.#isOver = false
    const left = graceLeft({ ...facts, now: msOf(facts.last) }, this.#graceMs)
    if (left !== null) this.#set(left)
  }

  /** The run is not finished after all. */
  forget (): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#at = Infinity
    this.#atMost = Infinity
    this.#isOver = false
  }

  /** Stops for good: `onOver` is never called again. */
  stop (): void {
    this.#isStopped = true
    this.forget()
  }

  #set (leftMs: number): void {
    if (this.#isStopped) return
    if (this.#atMost === Infinity) this.#atMost = Date.now() + this.#graceMs * MOST_GRACES
    this.#at = Math.min(Date.now() + leftMs, this.#atMost)
    // One timer serves many stragglers: it looks at the time when it fires.
    this.#timer ??= setTimeout(() => this.#fire(), leftMs)
  }

  async #fire (): Promise<void> {
    const isDue = Date.now() >= this.#at
    const isProved = isDue && await this.#prove()
    this.#timer = null
    if (this.#at === Infinity) return
    // A straggler may have come meanwhile, and a timer may fire a little early.
    if (isProved && Date.now() >= this.#at) {
      this.#isOver = true
      return this.#onOver()
    }
    const waitMs = Math.max(isDue && !isProved ? RETRY_MS : 1, this.#at - Date.now())
    this.#timer = setTimeout(() => this.#fire(), waitMs)
  }
}
