import { fullJitter, pause, type Backoff } from './backoff.ts'
import type { Caller } from './caller.ts'
import { isTransient, noAnswer, refusal, RuncastError } from './errors.ts'
import { fieldOf } from './field.ts'
import { limitRequest } from './limited-request.ts'

/** An attempt to deliver a batch has failed and will be repeated. */
export interface Retry {
  readonly runId: string
  /** 1 for the first repetition of a batch. */
  readonly attempt: number
  readonly delayMs: number
  readonly error: RuncastError
}

export interface SenderOptions {
  readonly caller: Caller
  readonly backoff: Backoff
  /** How long one attempt may take, in milliseconds. */
  readonly requestTimeoutMs: number
  /** Ends all attempts. */
  readonly signal: AbortSignal
  readonly onRetry: (retry: Retry) => void
  /** A batch was delivered or refused after repetitions: the service answers again. */
  readonly onRecovered: (runId: string) => void
}

/**
 * Delivers one batch: repeats it, under one `Idempotency-Key`, until the service has stored or refused it.
 *
 * @param events each one JSON object
 * @returns one id per event
 * @throws RuncastError the service's refusal, or `closed` when the signal aborts first
 */
export type Sender = (runId: string, events: readonly string[]) => Promise<string[]>

/** Makes a sender. */
export function createSender (options: SenderOptions): Sender {
  const { caller, backoff, signal } = options

  function attempt (runId: string, key: string, body: string, count: number): Promise<string[]> {
    const late = new RuncastError('timeout', `The service did not answer within ${options.requestTimeoutMs} ms.`)
    const request = limitRequest(signal, options.requestTimeoutMs, late)
    return request.step(async () => {
      const response = await caller.send(caller.runUrl(runId, 'events'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body,
        signal: request.signal
      })
      if (!response.ok) throw await refusal(response)
      return idsOf(await response.json(), count)
    }).finally(request.close)
  }

  return async (runId, events) => {
    const body = `[${events.join(',')}]`
    const key = randomKey()
    for (let failures = 0; ; failures++) {
      if (signal.aborted) throw closedError()
      const outcome = await attempt(runId, key, body, events.length).catch(noAnswer)
      const failed = outcome instanceof RuncastError
      if (failed && signal.aborted) throw closedError()
      if (failed && isTransient(outcome)) {
        const delayMs = Math.max(outcome.retryAfterMs ?? 0, fullJitter(failures, backoff))
        options.onRetry({ runId, attempt: failures + 1, delayMs, error: outcome })
        await pause(delayMs, signal)
        continue
      }
      if (failures > 0) options.onRecovered(runId)
      if (failed) throw outcome
      return outcome
    }
  }
}

/** The error of everything that a closed publisher did not deliver, or does not take any more. */
export function closedError (): RuncastError {
  return new RuncastError('closed', 'The publisher is closed.')
}

function idsOf (answer: unknown, count: number): string[] {
  const ids = fieldOf(answer, 'ids')
  if (!Array.isArray(ids) || ids.length !== count) throw new RuncastError('unexpected_answer', 'What answers at this address is not Runcast.')
  return ids.map(String)
}

/** 128 random bits; `crypto.randomUUID` is missing in pages that are not served securely. */
function randomKey (): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}
