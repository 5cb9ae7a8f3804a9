import { fieldOf } from '@runcast/protocol'
import type { Caller } from './caller.ts'
import { foreign, refusal } from './errors.ts'

/** A run after events of it were stored. */
export interface RunStanding {
  /** In lower case; null before the first status. */
  readonly status: string | null
  /** True if the run has ended: no later status changes it. A new life is a new run with `retry_of`. */
  readonly terminal: boolean
}

/** The answer to a delivery. */
export interface Delivered {
  /** One id per event. */
  readonly ids: readonly string[]
  readonly run: RunStanding
}

/**
 * Delivers one batch of events in one attempt.
 *
 * @param body a JSON array of events
 * @param idempotencyKey names the batch: delivered again under the same key, it must be stored once
 * @param signal aborts after `requestTimeoutMs`, and when the publisher is closed: the promise must reject then
 * @returns one id per event, once the batch is stored; with the run's state, if it is known
 * @throws RuncastError a refusal, or a transient error, after which the batch is delivered again; any other error
 *   counts as transient
 */
export type Deliver = (runId: string, body: string, idempotencyKey: string, signal: AbortSignal) => Promise<Delivered | readonly string[]>

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
    const answer: unknown = await response.json().catch(() => null)
    const [ids, run] = [fieldOf(answer, 'ids'), fieldOf(answer, 'run')]
    if (!Array.isArray(ids)) throw foreign(response)
    const known = ids.map(String)
    const status = fieldOf(run, 'status')
    return run === undefined ? known : { ids: known, run: { status: typeof status === 'string' ? status : null, terminal: fieldOf(run, 'terminal') === true } }
  }
}
