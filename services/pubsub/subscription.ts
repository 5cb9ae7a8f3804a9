/** The longest time that a subscription waits for its acknowledgement, in milliseconds. */
const ACKNOWLEDGEMENT_TIMEOUT_MS = 2_000

/** One wanted channel and its listeners. */
export class Subscription<Listener> {
  /** The run or tenant of the channel. */
  readonly name: string
  readonly #entries = new Set<{ readonly listener: Listener }>()
  readonly #waiting = new Set<() => void>()
  #acknowledged = false
  /** True when messages may have been missed since the last acknowledgement. */
  #interrupted = false

  constructor (name: string) {
    this.name = name
  }

  /** True when it has no listener. */
  get isIdle (): boolean {
    return this.#entries.size === 0
  }

  /** Adds a listener, once for each call; @returns a function that removes it, and says whether it was still there */
  add (listener: Listener): () => boolean {
    const entry = { listener }
    this.#entries.add(entry)
    return () => this.#entries.delete(entry)
  }

  /** Calls every listener. The error of one goes to `failed` and does not keep the others from being called. */
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

  /** @returns whether it is acknowledged within ACKNOWLEDGEMENT_TIMEOUT_MS */
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
