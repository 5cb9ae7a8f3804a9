/** Counts the open streams of this process, in all and per subject, and refuses those beyond the limits. */
export class StreamLimits {
  readonly #most: number
  readonly #mostPerSubject: number
  readonly #perSubject = new Map<string, number>()
  #open = 0

  constructor (most: number, mostPerSubject: number) {
    this.#most = most
    this.#mostPerSubject = mostPerSubject
  }

  /** The number of places taken. */
  get open (): number {
    return this.#open
  }

  /** Takes a place; @returns false when none is left */
  take (subject: string): boolean {
    const ofSubject = this.#perSubject.get(subject) ?? 0
    if (this.#open >= this.#most || ofSubject >= this.#mostPerSubject) return false
    this.#open++
    this.#perSubject.set(subject, ofSubject + 1)
    return true
  }

  /** Gives a taken place back. */
  giveBack (subject: string): void {
    const ofSubject = this.#perSubject.get(subject) ?? 0
    this.#open--
    if (ofSubject > 1) this.#perSubject.set(subject, ofSubject - 1)
    else this.#perSubject.delete(subject)
  }
}
