import { hash, randomUUID } from 'node:crypto'
import type { Metrics } from './metrics.ts'
import type { AppendResult, NewEvent, RunLog } from './run-log/run-log.ts'

/** What a publisher wants to have in a run's log. */
export interface Publication {
  readonly runId: string
  /** Who publishes; '' for no tenant. */
  readonly tenant: string
  /** 1 to 1,000 events. */
  readonly events: readonly NewEvent[]
  /** The publisher's own name for this request, if it gave one. */
  readonly idempotencyKey?: string | undefined
}

/** Puts what publishers send into the run log. */
export interface Publisher {
  /**
   * Appends the events, all or none. What was published before under the same key is not stored again.
   *
   * @returns one id per event, once they are in the log
   * @throws RunLogError
   */
  publish (publication: Publication): Promise<AppendResult>
}

/** Makes the publisher of one process. */
export function createPublisher (log: RunLog, metrics: Metrics): Publisher {
  return {
    async publish ({ runId, tenant, events, idempotencyKey }) {
      const result = await log.append({
        runId,
        tenant,
        events,
        appendId: randomUUID(),
        ...(idempotencyKey === undefined ? {} : { once: { key: digest(idempotencyKey), bodyHash: digest(contentOf(events)) } })
      })
      if (result.duplicate) metrics.duplicatePublishes.inc()
      else metrics.appendedEvents.inc(events.length)
      return result
    }
  }
}

/** One text for one content: types and payloads hold no line feed. */
function contentOf (events: readonly NewEvent[]): string {
  return events.map(({ type, data, once }) => `${type}\n${data}\n${once?.key ?? ''}`).join('\n')
}

function digest (text: string): string {
  return hash('sha256', text, 'base64url')
}
