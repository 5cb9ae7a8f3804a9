import { RuncastError } from './errors.ts'

/** When a batch is full, and how long one waits to become so. */
export interface Batching {
  readonly maxEvents: number
  readonly maxBytes: number
  readonly delayMs: number
}

/** Events that were published together: they are stored or refused together. */
export interface Entry {
  /** Each one JSON object. */
  readonly events: readonly string[]
  readonly bytes: number
  readonly resolve: (ids: string[]) => void
  readonly reject: (error: unknown) => void
}

/** The events of one run on their way: one batch at a time, in order. */
export interface Lane {
  add (entry: Entry): void
  /** Sends what waits without waiting for more, until nothing waits. */
  hurry (): void
}

interface Waiting extends Entry {
  readonly since: number
}

/**
 * Makes the lane of a run.
 *
 * @param send delivers one batch, giving one id per event
 * @param onEmpty called whenever nothing waits and nothing is on its way
 */
export function createLane (batching: Batching, send: (events: string[]) => Promise<string[]>, onEmpty: () => void): Lane {
  const waiting: Waiting[] = []
  let waitingEvents = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let sending = false
  let hurried = false

  function schedule (): void {
    const oldest = waiting[0]
    if (sending || oldest === undefined) return
    clearTimeout(timer)
    const delayMs = hurried || waitingEvents >= batching.maxEvents ? 0 : oldest.since + batching.delayMs - performance.now()
    if (delayMs <= 0) sendBatch()
    else timer = setTimeout(sendBatch, delayMs)
  }

  async function sendBatch (): Promise<void> {
    clearTimeout(timer)
    sending = true
    await deliver(takeBatch())
    sending = false
    if (waiting.length > 0) return schedule()
    hurried = false
    onEmpty()
  }

  function takeBatch (): Waiting[] {
    let events = 0
    let bytes = 0
    const size = waiting.findIndex((entry) => {
      events += entry.events.length
      bytes += entry.bytes
      return events > batching.maxEvents || bytes > batching.maxBytes
    })
    const batch = waiting.splice(0, size === -1 ? waiting.length : Math.max(1, size))
    for (const entry of batch) waitingEvents -= entry.events.length
    return batch
  }

  async function deliver (batch: readonly Entry[]): Promise<void> {
    try {
      const ids = await send(batch.flatMap((entry) => entry.events))
      let next = 0
      for (const entry of batch) entry.resolve(ids.slice(next, next += entry.events.length))
    } catch (error) {
      if (batch.length > 1 && isAboutContent(error)) {
        for (const entry of batch) await deliver([entry])
      } else {
        for (const entry of batch) entry.reject(error)
      }
    }
  }

  return {
    add (entry) {
      waiting.push({ ...entry, since: performance.now() })
      waitingEvents += entry.events.length
      schedule()
    },
    hurry () {
      hurried = true
      schedule()
    }
  }
}

/** A batch is refused as a whole, and one bad entry must not take its neighbours with it. */
function isAboutContent (error: unknown): boolean {
  return error instanceof RuncastError && (error.status === 400 || error.status === 413)
}
