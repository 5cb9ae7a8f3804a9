import { RuncastError } from './errors.ts'

/** The bounds of a batch, and how long the oldest event may wait for the batch to fill. */
export interface Batching {
  readonly maxEvents: number
  readonly maxBytes: number
  readonly delayMs: number
}

/** Events of one publish: they are stored or refused together. */
export interface Entry {
  /** One JSON object each. */
  readonly events: readonly string[]
  readonly bytes: number
  readonly resolve: (ids: string[]) => void
  readonly reject: (error: unknown) => void
}

/** Sends the events of one run in order, one batch at a time. */
export interface BatchQueue {
  add (entry: Entry): void
  /** Sends all queued events without waiting for batches to fill. */
  flush (): void
}

interface Waiting extends Entry {
  readonly since: number
}

/**
 * Makes the queue of a run.
 *
 * @param send delivers one batch and gives one id per event
 * @param onEmpty called when no event is queued or on its way any more
 */
export function createBatchQueue (batching: Batching, send: (events: string[]) => Promise<readonly string[]>, onEmpty: () => void): BatchQueue {
  const waiting: Waiting[] = []
  let waitingEvents = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let sending = false
  let flushing = false

  function schedule (): void {
    const oldest = waiting[0]
    if (sending || oldest === undefined) return
    clearTimeout(timer)
    const delayMs = flushing || waitingEvents >= batching.maxEvents ? 0 : oldest.since + batching.delayMs - performance.now()
    if (delayMs <= 0) sendBatch()
    else timer = setTimeout(sendBatch, delayMs)
  }

  async function sendBatch (): Promise<void> {
    clearTimeout(timer)
    sending = true
    await deliver(takeBatch())
    sending = false
    if (waiting.length > 0) return schedule()
    flushing = false
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
      // The service refuses a batch as a whole: one bad entry must not take its neighbours with it.
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
    flush () {
      flushing = true
      schedule()
    }
  }
}

function isAboutContent (error: unknown): boolean {
  return error instanceof RuncastError && (error.status === 400 || error.status === 413)
}
