import { Ring } from './ring.ts'

/** How many of its newest events a topic may hold, how many characters they may have, and those of all topics together. */
const RING_EVENTS = 1_024
const RING_CHARACTERS = 262_144
const ALL_RINGS_CHARACTERS = 67_108_864

/** How many bytes of history all topics together may keep for the followers that come right behind. */
const PAGES_BYTES = 67_108_864

/** What the topics of one process may hold in memory besides what their sockets wait for, however many there are. */
export class TopicMemory {
  readonly #topics: () => number
  #pagesBytes = 0

  /** @param topics how many topics there are now */
  constructor (topics: () => number) {
    this.#topics = topics
  }

  /** For the newest events of one topic: the more topics there are, the fewer each may hold. */
  createRing (): Ring {
    return new Ring(RING_EVENTS, () => Math.min(RING_CHARACTERS, ALL_RINGS_CHARACTERS / Math.max(1, this.#topics())))
  }

  /**
   * Takes room for a page, to be given back by `freePage`.
   *
   * @returns false when there is none
   */
  takePage (bytes: number): boolean {
    if (this.#pagesBytes + bytes > PAGES_BYTES) return false
    this.#pagesBytes += bytes
    return true
  }

  freePage (bytes: number): void {
    this.#pagesBytes -= bytes
  }
}
