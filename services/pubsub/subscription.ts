/** How long a subscription may wait for its acknowledgement, in milliseconds. */
const ACKNOWLEDGEMENT_TIMEOUT_MS = 2_000

/** One channel that is wanted, and whoever listens to it. */
export class Subscription<Listener> {
  /** What the channel belongs to: a run or a tenant. */
  readonly name: string
  readonly #entries = new Set<{ readonly listener: Listener }>()
  readonly #waiting = new Set<() => void>()
  #acknowledged = false
  /** Whether it was acknowledged before and may have missed messages since. */
  #interrupted = false

  constructor (name: string) {
    this.name = name
  }

  /** Whether nobody listens any more. */
  get isIdle (): boolean {
    return this.#entries.size === 0
  }

  /** Takes a listener in, each time on its own; @returns a function that takes it out, and says whether it was in */
  add (listener: Listener): () => boolean {
    const entry = { listener }
    this.#entries.add(entry)
    return () => this.#entries.delete(entry)
  }

  /** Calls every listener; what one of them throws goes to `failed`. */
  forEach (call: (listener: Listener) => void, failed: (error: unknown) => void): void {
    for (const { listener } of this.#entries) {
      try {
        call(listener)
      } catch (error) {
        failed(error)
      }
    }
  }

  /** From now on every message arrives; @returns whether some may have been missed before */
  acknowledge (): boolean {
    const restored = this.#interrupted
    this.#acknowledged = true
    this.#interrupted = false
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
    return restored
  }

  /** From now on messages may be missed. */
  interrupt (): void {
    this.#interrupted ||= this.#acknowledged
    this.#acknowledged = false
  }

  /** @returns whether it is acknowledged, now or in time */
  async acknowledged (): Promise<boolean> {
    if (this.#acknowledged) return true
    return await new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(done)
        resolve(false)
      }, ACKNOWLEDGEMENT_TIMEOUT_MS)
      this.#waiting.add(done)
    })
  }
}
