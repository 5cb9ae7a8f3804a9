import type { LogFacts } from '../run-log/run-log.ts'
import { graceLeft, MOST_GRACES } from './grace.ts'

/** Between attempts to prove the end while the log does not answer, in milliseconds. */
const RETRY_MS = 500

/**
 * Tells when a finished run is over: the grace after its last event, at the latest ten times that after its
 * terminal status.
 */
export class EndClock {
  readonly #graceMs: number
  readonly #prove: () => Promise<boolean>
  readonly #onOver: () => void
  #timer: NodeJS.Timeout | null = null
  #at = Infinity
  #atMost = Infinity
  #stopped = false

  /**
   * @param prove whether the run has nothing newer in the log than is known
   * @param onOver called when the grace has passed and that was proved
   */
  constructor (graceMs: number, prove: () => Promise<boolean>, onOver: () => void) {
    this.#graceMs = graceMs
    this.#prove = prove
    this.#onOver = onOver
  }

  /** Takes what the log says, by the log's own clock. Only the first news of an end counts. */
  learn (facts: LogFacts): void {
    const left = graceLeft(facts, this.#graceMs)
    if (left === null) return this.forget()
    if (this.#at !== Infinity) return
    this.#atMost = Date.now() + left.most
    this.#set(Date.now() + left.quiet)
  }

  /** The terminal status has just come. */
  begin (): void {
    this.#atMost = Date.now() + this.#graceMs * MOST_GRACES
  }

  /** An event of a finished run has just come. */
  prolong (): void {
    this.#set(Date.now() + this.#graceMs)
  }

  /** Nobody waits any more: never calls back again. */
  stop (): void {
    this.#stopped = true
    this.forget()
  }

  /** The run is not finished after all. */
  forget (): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#at = Infinity
    this.#atMost = Infinity
  }

  #set (at: number): void {
    if (this.#stopped) return
    this.#at = Math.min(at, this.#atMost)
    this.#timer ??= setTimeout(() => this.#ring(), Math.max(0, this.#at - Date.now()))
  }

  async #ring (): Promise<void> {
    const isDue = Date.now() >= this.#at
    const isProved = isDue && await this.#prove()
    this.#timer = null
    if (this.#at === Infinity) return
    // A straggler may have come meanwhile, and a timer may fire a little early.
    if (isProved && Date.now() >= this.#at) return this.#onOver()
    const waitMs = Math.max(isDue && !isProved ? RETRY_MS : 1, this.#at - Date.now())
    this.#timer = setTimeout(() => this.#ring(), waitMs)
  }
}
