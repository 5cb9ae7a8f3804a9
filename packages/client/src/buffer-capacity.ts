/** An amount of buffered events. */
export interface Bounds {
  readonly events: number
  readonly bytes: number
}

/** Counts the contents of a bounded buffer. Callers wait for space in the order of their calls. */
export interface BufferCapacity {
  readonly used: Bounds
  /** True if this amount would be admitted at once. An empty buffer admits any amount. */
  fits (events: number, bytes: number): boolean
  /** Counts an amount as soon as it fits, and calls `onAcquired` then. */
  acquire (events: number, bytes: number, onAcquired: () => void): void
  release (events: number, bytes: number): void
}

interface Waiter {
  readonly events: number
  readonly bytes: number
  readonly onAcquired: () => void
}

/** Makes the capacity of an empty buffer. */
export function createBufferCapacity (bounds: Bounds): BufferCapacity {
  const waiters: Waiter[] = []
  let events = 0
  let bytes = 0

  function hasSpace (moreEvents: number, moreBytes: number): boolean {
    return events === 0 || (events + moreEvents <= bounds.events && bytes + moreBytes <= bounds.bytes)
  }

  function admit (): void {
    for (let next = waiters[0]; next !== undefined && hasSpace(next.events, next.bytes); next = waiters[0]) {
      waiters.shift()
      events += next.events
      bytes += next.bytes
      next.onAcquired()
    }
  }

  return {
    get used () {
      return { events, bytes }
    },
    fits: (moreEvents, moreBytes) => waiters.length === 0 && hasSpace(moreEvents, moreBytes),
    acquire (moreEvents, moreBytes, onAcquired) {
      waiters.push({ events: moreEvents, bytes: moreBytes, onAcquired })
      admit()
    },
    release (lessEvents, lessBytes) {
      events -= lessEvents
      bytes -= lessBytes
      admit()
    }
  }
}
