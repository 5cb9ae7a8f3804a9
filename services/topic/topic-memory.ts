import { Ring } from './ring.ts'

/** The bounds of the newest events in memory: events and characters of one topic, characters of all topics together. */
const RING_EVENTS = 1_024
const RING_CHARACTERS = 262_144
const ALL_RINGS_CHARACTERS = 67_108_864

/** The most bytes of history that all topics together keep for the followers that come right behind. */
const PAGES_BYTES = 67_108_864

/** Bounds the memory of all topics of one process, beside the buffers of their sockets. */
export class TopicMemory {
  readonly #topics: () => number
  #pagesBytes = 0

  /** @param topics gives the present number of topics */
  constructor (topics: () => number) {
    this.#topics = topics
  }

  /** Makes the ring of one topic. The more topics there are, the less it may hold. */
  createRing (): Ring {
    return new Ring(RING_EVENTS, () => Math.min(RING_CHARACTERS, ALL_RINGS_CHARACTERS / Math.max(1, this.#topics())))
  }

  /**
   * Takes memory for a page, to be given back by `freePage`.
   *
   * @returns false when there is none left
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
