import { fieldOf } from '@runcast/protocol'
import type { Caller } from './caller.ts'
import { foreign, refusal } from './errors.ts'

/**
 * Delivers one batch of events in one attempt.
 *
 * @param body a JSON array of events
 * @param idempotencyKey names the batch: delivered again under the same key, it must be stored once
 * @param signal aborts after `requestTimeoutMs`, and when the publisher is closed: the promise must reject then
 * @returns one id per event, once the batch is stored
 * @throws RuncastError a refusal, or a transient error, after which the batch is delivered again; any other error
 *   counts as transient
 */
export type Deliver = (runId: string, body: string, idempotencyKey: string, signal: AbortSignal) => Promise<readonly string[]>

/** Makes a `Deliver` that posts each batch to the service. */
export function deliverOverHttp (caller: Caller): Deliver {
  return async (runId, body, idempotencyKey, signal) => {
    const response = await caller.send(caller.runUrl(runId, 'events'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body,
      signal
    })
    if (!response.ok) throw await refusal(response)
    const ids = fieldOf(await response.json().catch(() => null), 'ids')
    if (!Array.isArray(ids)) throw foreign(response)
    return ids.map(String)
  }
}
