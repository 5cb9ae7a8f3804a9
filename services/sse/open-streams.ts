import type { OpenStream } from './open-stream.ts'

/** How often open streams are looked after, in milliseconds. */
const MOST_TICK_MS = 1_000
const LEAST_TICK_MS = 20

/** At a shutdown no more than this many milliseconds are taken per stream. */
const DRAIN_MS_PER_STREAM = 20

/** How often to look after open streams so that heartbeats are punctual, in milliseconds. */
export function tickInterval (heartbeatMs: number): number {
  return Math.min(MOST_TICK_MS, Math.max(LEAST_TICK_MS, heartbeatMs / 8))
}

/** The open streams of one kind, looked after and ended together. */
export class OpenStreams<Stream extends OpenStream> {
  readonly #streams = new Set<Stream>()

  get size (): number {
    return this.#streams.size
  }

  add (stream: Stream): void {
    this.#streams.add(stream)
  }

  delete (stream: Stream): void {
    this.#streams.delete(stream)
  }

  /** What time brings to every stream. To be called every `tickInterval`. */
  tick (now: number, heartbeatMs: number): void {
    for (const stream of this.#streams) stream.tick(now, heartbeatMs)
  }

  /**
   * Closes every stream, spread over at most `windowMs` so that not all clients come back at once.
   *
   * @returns when every socket is gone
   */
  async drain (windowMs: number): Promise<void> {
    const streams = [...this.#streams]
    const spreadMs = Math.min(windowMs, streams.length * DRAIN_MS_PER_STREAM)
    const startedAt = Date.now()
    for (let next = 0; next < streams.length;) {
      const due = spreadMs === 0 ? streams.length : Math.ceil(streams.length * (Date.now() - startedAt + 1) / spreadMs)
      for (; next < Math.min(due, streams.length); next++) streams[next]?.close('shutdown')
      await pause(Math.min(10, spreadMs))
    }
    while (this.#streams.size > 0) {
      // Also what was opened meanwhile.
      for (const stream of this.#streams) stream.close('shutdown')
      this.tick(Date.now(), Infinity)
      await pause(5)
    }
  }
}

function pause (ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
