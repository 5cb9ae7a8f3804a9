import { createPublisher, type Publisher } from '@runcast/client'
import type { Logger } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'

export interface PublishersOptions {
  /** Reaches the service itself. */
  readonly fetch: typeof fetch
  /** Gives a token that permits to write the runs of a tenant. */
  readonly tokenFor: (tenant: string) => string
  readonly logger: Logger
}

/** The publishers that the engine's events go through, one per tenant. */
export interface Publishers {
  /** '' for no tenant. */
  of (tenant: string): Publisher
  /** Resolves when all is stored; what is not within the time fails. */
  close (timeoutMs: number): Promise<void>
}

/** How long an event waits for others to share its request, in milliseconds. */
const BATCH_DELAY_MS = 10

/** The client's own address for the service, which no request leaves the process for. */
const OWN_URL = 'http://localhost'

/** At most one line in this time says that events can't be stored now. */
const COMPLAINT_MS = 5_000

/** Makes the publishers of one process. */
export function createPublishers ({ fetch, tokenFor, logger }: PublishersOptions): Publishers {
  const publishers = new Map<string, Publisher>()
  const complain = throttledLog((fields, message) => logger.warn(fields, message), COMPLAINT_MS)

  function make (tenant: string): Publisher {
    return createPublisher({
      url: OWN_URL,
      fetch,
      getToken: () => tokenFor(tenant),
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
