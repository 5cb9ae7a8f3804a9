import { createBatchQueue, type Batching, type BatchQueue } from './batch-queue.ts'
import { createBufferCapacity, type Bounds } from './buffer-capacity.ts'
import { createCaller, type ServiceOptions } from './caller.ts'
import { deliverOverHttp, type Deliver, type RunStanding } from './deliver.ts'
import { checkRunId, encodeEvent, type NewEvent } from './encode-event.ts'
import { RuncastError } from './errors.ts'
import type { Log, ResultPreview, StatusChange } from './payloads.ts'
import { closedError, createSender, type Retry } from './sender.ts'
import { createSignsOfLife, signOverHttp } from './signs-of-life.ts'

/** Options of batching, buffering and repetition. */
export interface PublishingOptions {
  /** The longest wait of an event for others to share its request, in milliseconds. Defaults to 50. */
  readonly batchDelayMs?: number
  /** The most events of one request, at most 1,000. Defaults to 100. */
  readonly batchMaxEvents?: number
  /** The bounds of the events that the service has not confirmed yet. Defaults to 10,000 events and 16 MiB. */
  readonly buffer?: Partial<Bounds>
  /** The answer of a full buffer: `wait` until an event fits (the default), or `reject` it with `buffer_full`. */
  readonly whenFull?: 'wait' | 'reject'
  /** The time limit of one request, in milliseconds. Defaults to 10,000. */
  readonly requestTimeoutMs?: number
  /** The longest wait between attempts, in milliseconds, unless the service asks for more. Defaults to 10,000. */
  readonly maxRetryDelayMs?: number
  /**
   * Called when events of a run were stored, with the state that the run has then: a status that comes after the end of the
   * run is stored and changes nothing.
   */
  readonly onStored?: (runId: string, run: RunStanding) => void
  /** Called for every failed attempt that will be repeated. */
  readonly onRetry?: (retry: Retry) => void
  /** Called when the service answers again after `onRetry`. */
  readonly onRecovered?: (runId: string) => void
  /**
   * Called for events that will never be stored. With `onError` a publish need not be awaited; without it, a failed
   * publish that is not awaited is an unhandled rejection.
   */
  readonly onError?: (error: RuncastError, runId: string, events: number) => void
}

/** Options of a publisher that sends its requests over HTTP. */
export interface PublisherOptions extends ServiceOptions, PublishingOptions {
  /**
   * The silence after which the service is told that the publisher of a run lives, in milliseconds. Defaults to 20,000. Signs
   * begin with the first status that is not a kind of waiting, and stop with the end of the run or of the publisher; 0 sends none.
   */
  readonly aliveIntervalMs?: number
}

/** Options of a publisher that reaches the service in a way of its own, such as a function call. */
export interface DirectPublisherOptions extends PublishingOptions {
  readonly deliver: Deliver
}

/** Publishes events of runs. */
export interface Publisher {
  /**
   * Gives the publisher of one run.
   *
   * @throws RuncastError `invalid_run_id`
   */
  run (runId: string): RunPublisher
  /** The amount of buffered events. */
  readonly buffered: Bounds
  /** True if the next event would have to wait or be rejected. */
  readonly full: boolean
  /** Resolves as soon as the buffer has space for an event. */
  ready (): Promise<void>
  /** Sends all buffered events at once, and resolves when each of them is stored or has failed. */
  flush (): Promise<void>
  /**
   * Refuses further events, and resolves when all earlier events are stored or have failed.
   *
   * @param options.timeoutMs the time, in milliseconds, after which unconfirmed events fail with `closed`; by default
   *   attempts go on without end
   */
  close (options?: { readonly timeoutMs?: number }): Promise<void>
}

/**
 * Publishes events of one run, in order. Each promise resolves with the id of the event once the service has stored
 * it. It rejects with a RuncastError: the service's refusal, `buffer_full`, `closed` or `invalid_event`. Transient
 * failures (no answer, 408, 425, 429, 5xx) are repeated, and the event is stored once.
 */
export interface RunPublisher {
  readonly runId: string
  log (log: string | Log): Promise<string>
  status (status: string, extra?: Omit<StatusChange, 'status'>): Promise<string>
  result (content: unknown, extra?: Omit<ResultPreview, 'content'>): Promise<string>
  /** Publishes events of any type. Up to `batchMaxEvents` (and 1 MiB) of one call are stored together or not at all. */
  publish (events: NewEvent | readonly NewEvent[]): Promise<string[]>
}

const MAX_BATCH_BYTES = 1_048_576

/** Makes a publisher. Without buffered events it keeps no connection open and no process alive. */
export function createPublisher (options: PublisherOptions | DirectPublisherOptions): Publisher {
  const batching = { maxEvents: options.batchMaxEvents ?? 100, maxBytes: MAX_BATCH_BYTES, delayMs: options.batchDelayMs ?? 50 }
  const capacity = createBufferCapacity({ events: options.buffer?.events ?? 10_000, bytes: options.buffer?.bytes ?? 16_777_216 })
  const queues = new Map<string, BatchQueue>()
  const pending = new Set<Promise<unknown>>()
  let closed = false

  const { deliver, signs } = 'deliver' in options ? { deliver: options.deliver, signs: null } : wayOverHttp(options)
  const sender = createSender({
    deliver,
    backoff: { baseMs: 250, maxMs: options.maxRetryDelayMs ?? 10_000 },
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    onRetry: (retry) => options.onRetry?.(retry),
    onRecovered: (runId) => options.onRecovered?.(runId)
  })

  async function send (runId: string, events: readonly string[]): Promise<readonly string[]> {
    const { ids, run } = await sender.send(runId, events)
    signs?.delivered(runId, run)
    if (run !== null) options.onStored?.(runId, run)
    return ids
  }

  function queueOf (runId: string): BatchQueue {
    const queue = queues.get(runId) ?? createBatchQueue(batching, (events) => send(runId, events), () => queues.delete(runId))
    queues.set(runId, queue)
    return queue
  }

  function enqueue (runId: string, group: Group): Promise<string[]> {
    const { events, bytes } = group
    return new Promise<string[]>((resolve, reject) => {
      capacity.acquire(events.length, bytes, () => queueOf(runId).add({ events, bytes, resolve, reject }))
    }).finally(() => capacity.release(events.length, bytes))
  }

  async function submit (runId: string, events: readonly NewEvent[]): Promise<string[]> {
    if (closed) throw closedError()
    const groups = grouped(events.map(encodeEvent), batching)
    const bytes = groups.reduce((sum, group) => sum + group.bytes, 0)
    if (options.whenFull === 'reject' && !capacity.fits(events.length, bytes)) {
      throw new RuncastError('buffer_full', 'The buffer is full.')
    }
    const ids = await Promise.all(groups.map((group) => enqueue(runId, group)))
    return ids.flat()
  }

  /** Counts a publish as pending until it settles, and reports its failure once: to `onError` or by the rejection. */
  function track<T> (runId: string, count: number, published: Promise<T>): Promise<T> {
    const settled = published.then(() => {}, (error: RuncastError) => options.onError?.(error, runId, count)).finally(() => pending.delete(settled))
    pending.add(settled)
    return options.onError === undefined ? published.then((ids) => ids) : published
  }

  async function flush (): Promise<void> {
    for (const queue of queues.values()) queue.flush()
    await Promise.all(pending)
  }

  return {
    run (runId) {
      checkRunId(runId)
      const publishOne = (event: NewEvent) => track(runId, 1, submit(runId, [event]).then(([id = '']) => id))
      return {
        runId,
        log: (log) => publishOne({ event_type: 'log', payload: typeof log === 'string' ? { level: 'info', message: log } : log }),
        status: (status, extra) => publishOne({ event_type: 'status_change', payload: { status, ...extra } }),
        result: (content, extra) => publishOne({ event_type: 'result_preview', payload: { content, ...extra } }),
        publish (events) {
          const all = [events].flat()
          return track(runId, all.length, submit(runId, all))
        }
      }
    },
    get buffered () {
      return capacity.used
    },
    get full () {
      return !capacity.fits(1, 0)
    },
    ready: () => new Promise<void>((resolve) => capacity.acquire(1, 0, resolve)).finally(() => capacity.release(1, 0)),
    flush,
    async close ({ timeoutMs } = {}) {
      closed = true
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => sender.end(), timeoutMs)
      await flush()
      clearTimeout(timer)
      signs?.stop()
    }
  }
}

function wayOverHttp (options: PublisherOptions) {
  const caller = createCaller(options)
  const { aliveIntervalMs = 20_000 } = options
  return { deliver: deliverOverHttp(caller), signs: aliveIntervalMs === 0 ? null : createSignsOfLife(signOverHttp(caller), aliveIntervalMs) }
}

interface Group {
  readonly events: string[]
  bytes: number
}

/** Divides the events of one call into groups that fit one request each. */
function grouped (events: readonly string[], batching: Batching): Group[] {
  const encoder = new TextEncoder()
  const groups: Group[] = []
  for (const event of events) {
    const bytes = encoder.encode(event).byteLength
    const last = groups.at(-1)
    if (last === undefined || last.events.length >= batching.maxEvents || last.bytes + bytes > batching.maxBytes) groups.push({ events: [event], bytes })
    else {
      last.events.push(event)
      last.bytes += bytes
    }
  }
  return groups
}
