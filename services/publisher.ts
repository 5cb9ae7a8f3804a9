import { hash, randomUUID } from 'node:crypto'
import type { Metrics } from './metrics.ts'
import type { AppendResult, NewEvent, RunLog } from './run-log/run-log.ts'

/** Events for a run's log, and their publisher. */
export interface Publication {
  readonly runId: string
  /** The tenant of the publisher; '' for none. */
  readonly tenant: string
  /** 1 to 1,000 events. */
  readonly events: readonly NewEvent[]
  /** The publisher's own name for this request, if it gave one. */
  readonly idempotencyKey?: string | undefined
}

/** Puts the events of publishers into the run log. */
export interface Publisher {
  /**
   * Appends the events, all or none. Events published before under the same key are not stored again.
   *
   * @returns one id per event, once they are in the log
   * @throws as `RunLog.append` does
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

/** Writes the content as one text. Types and payloads hold no line feed, so different contents have different texts. */
function contentOf (events: readonly NewEvent[]): string {
  return events.map(({ type, data, once }) => `${type}\n${data}\n${once?.key ?? ''}`).join('\n')
}

function digest (text: string): string {
  return hash('sha256', text, 'base64url')
}
