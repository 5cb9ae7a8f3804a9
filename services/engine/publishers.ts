import { createPublisher, RuncastError, type Deliver, type Publisher } from '@runcast/client'
import type { EventLimits } from '../events/event-fields.ts'
import { parseEvents } from '../events/parse-events.ts'
import type { Logger } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import { describe, retryAfterOf } from '../problems/problem.ts'
import type { Publisher as LogPublisher } from '../publisher.ts'

export interface PublishersOptions {
  /** Puts events into the run log. */
  readonly publish: LogPublisher['publish']
  readonly limits: EventLimits
  readonly logger: Logger
}

/** The publishers of the engine's events, one per tenant. */
export interface Publishers {
  /** '' for no tenant. */
  of (tenant: string): Publisher
  /** Resolves when all events are stored. After `timeoutMs`, the events that are not stored fail. */
  close (timeoutMs: number): Promise<void>
}

/** The longest wait of an event for others to share its batch, in milliseconds. */
const BATCH_DELAY_MS = 10

/** The least time between two log lines about events that can not be stored, in milliseconds. */
const COMPLAINT_MS = 5_000

/** Makes the publishers of one process. Their events take no request: they go straight to the run log. */
export function createPublishers (options: PublishersOptions): Publishers {
  const publishers = new Map<string, Publisher>()
  const complain = throttledLog((fields, message) => options.logger.warn(fields, message), COMPLAINT_MS)

  function make (tenant: string): Publisher {
    return createPublisher({
      deliver: deliverTo(options, tenant),
      batchDelayMs: BATCH_DELAY_MS,
      onRetry: ({ runId, error }) => complain({ run_id: runId, err: error }, 'events of a workflow run are not stored yet')
    })
  }

  return {
    of (tenant) {
      const publisher = publishers.get(tenant) ?? make(tenant)
      publishers.set(tenant, publisher)
      return publisher
    },
    async close (timeoutMs) {
      await Promise.all(Array.from(publishers.values(), (publisher) => publisher.close({ timeoutMs })))
    }
  }
}

/** Validates and refuses as the publish route does. */
function deliverTo ({ publish, limits }: PublishersOptions, tenant: string): Deliver {
  return async (runId, body, idempotencyKey, signal) => {
    try {
      signal.throwIfAborted()
      const events = parseEvents(Buffer.from(body), 'json', limits)
      const aborted = new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const { ids, run } = await Promise.race([publish({ runId, tenant, events, idempotencyKey }), aborted])
      return { ids, run }
    } catch (error) {
      const { status, code, detail } = describe(error)
      const retryAfter = retryAfterOf(error)
      throw new RuncastError(code, detail, { status, retryAfterMs: retryAfter === null ? null : retryAfter * 1000, cause: error })
    }
  }
}
