/** The outcome of a reconnect. */
export interface Checked {
  /** The number of events that were missed for good; null when it is not known. */
  readonly missed: number | null
  /** The number of events that the run has. */
  readonly events: number
}

/** Finds out whether a lost connection has cost events. The check ends when the stream has caught up with the service. */
export class ReconnectCheck {
  #isOn = false
  #missed: number | null = 0
  /** The number of the last event that the service had after the reconnect; null before it is known. */
  #target: number | null = null

  /** Tells whether a check is on. */
  get isOn (): boolean {
    return this.#isOn
  }

  /** Begins the check, unless it is on. */
  begin (): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#missed = 0
    this.#target = null
  }

  /** Counts events that will not come. null makes the number unknown. */
  count (missed: number | null): void {
    this.#missed = missed === null || this.#missed === null ? null : this.#missed + missed
  }

  /** Takes the number of the last event that the service has. */
  expect (target: number): void {
    this.#target = target
  }

  /**
   * Ends the check once the stream has come far enough.
   *
   * @param events the number of the last event that came
   * @returns the outcome; null while there is none
   */
  finish (events: number): Checked | null {
    if (!this.#isOn || this.#target === null || events < this.#target) return null
    this.#isOn = false
    return { missed: this.#missed, events }
  }
}
