/** How much a buffer may hold. */
export interface Bounds {
  readonly events: number
  readonly bytes: number
}

/** Keeps account of a bounded buffer, and of who waits for room in it, first come first served. */
export interface Room {
  /** What is held now. */
  readonly held: Bounds
  /** Whether this would be let in at once. An empty room takes anything, however large. */
  fits (events: number, bytes: number): boolean
  /** Lets in, now or as soon as there is room: then, and in the order of the calls, `onEnter` runs. */
  enter (events: number, bytes: number, onEnter: () => void): void
  leave (events: number, bytes: number): void
}

interface Waiter {
  readonly events: number
  readonly bytes: number
  readonly onEnter: () => void
}

/** Makes an empty room. */
export function createRoom (bounds: Bounds): Room {
  const waiters: Waiter[] = []
  let events = 0
  let bytes = 0

  function hasRoom (moreEvents: number, moreBytes: number): boolean {
    return events === 0 || (events + moreEvents <= bounds.events && bytes + moreBytes <= bounds.bytes)
  }

  function admit (waiter: Waiter): void {
    events += waiter.events
    bytes += waiter.bytes
    waiter.onEnter()
  }

  return {
    get held () {
      return { events, bytes }
    },
    fits: (moreEvents, moreBytes) => waiters.length === 0 && hasRoom(moreEvents, moreBytes),
    enter (moreEvents, moreBytes, onEnter) {
      const waiter = { events: moreEvents, bytes: moreBytes, onEnter }
      if (waiters.length === 0 && hasRoom(moreEvents, moreBytes)) admit(waiter)
      else waiters.push(waiter)
    },
    leave (lessEvents, lessBytes) {
      events -= lessEvents
      bytes -= lessBytes
      for (let next = waiters[0]; next !== undefined && hasRoom(next.events, next.bytes); next = waiters[0]) {
        waiters.shift()
        admit(next)
      }
    }
  }
}
