import type { SseConnection } from './connection.ts'

/** The bounds of the time between two ticks, in milliseconds. */
const MOST_TICK_MS = 1_000
const LEAST_TICK_MS = 20

/** At a shutdown the closing of one stream takes no more of the window than this, in milliseconds. */
const DRAIN_MS_PER_STREAM = 20

/** The time between two ticks that keeps heartbeats punctual, in milliseconds. */
export function tickInterval (heartbeatMs: number): number {
  return Math.min(MOST_TICK_MS, Math.max(LEAST_TICK_MS, heartbeatMs / 8))
}

/** The open streams of one kind. One timer of their owner serves them all. */
export class SseConnections<Connection extends SseConnection> {
  readonly #connections = new Set<Connection>()

  get size (): number {
    return this.#connections.size
  }

  add (connection: Connection): void {
    this.#connections.add(connection)
  }

  delete (connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** Passes the time on to every stream. To be called every `tickInterval`. */
  tick (now: number, heartbeatMs: number): void {
    for (const connection of this.#connections) connection.tick(now, heartbeatMs)
  }

  /**
   * Closes every stream, spread over at most `windowMs` so that not all clients come back at once.
   *
   * @returns when every socket is gone
   */
  async drain (windowMs: number): Promise<void> {
    const connections = [...this.#connections]
    const spreadMs = Math.min(windowMs, connections.length * DRAIN_MS_PER_STREAM)
    const startedAt = Date.now()
    for (let next = 0; next < connections.length;) {
      const due = spreadMs === 0 ? connections.length : Math.ceil(connections.length * (Date.now() - startedAt + 1) / spreadMs)
      for (; next < Math.min(due, connections.length); next++) connections[next]?.close('shutdown')
      await pause(Math.min(10, spreadMs))
    }
    while (this.#connections.size > 0) {
      // Streams that were opened meanwhile are closed too.
      for (const connection of this.#connections) connection.close('shutdown')
      this.tick(Date.now(), Infinity)
      await pause(5)
    }
  }
}

function pause (ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
