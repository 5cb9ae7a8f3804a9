import { fullJitter, pause, type Backoff } from './backoff.ts'
import type { Caller } from './caller.ts'
import { isTransient, noAnswer, refusal, RuncastError } from './errors.ts'

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

  async function attempt (runId: string, key: string, body: string, count: number): Promise<string[] | RuncastError> {
    const limit = limited(signal, options.requestTimeoutMs)
    try {
      const response = await caller.send(caller.runUrl(runId, 'events'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body,
        signal: limit.signal
      })
      if (response.ok) return idsOf(await response.json(), count)
      return await refusal(response)
    } catch (error) {
      return noAnswer(error)
    } finally {
      limit.clear()
    }
  }

  return async (runId, events) => {
    const body = `[${events.join(',')}]`
    const key = randomKey()
    for (let failures = 0; ; failures++) {
      if (signal.aborted) throw closedError()
      const outcome = await attempt(runId, key, body, events.length)
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
  return new RuncastError('closed', 'The publisher was closed before the service confirmed this.')
}

function idsOf (answer: unknown, count: number): string[] {
  const ids: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'ids') : undefined
  if (!Array.isArray(ids) || ids.length !== count) throw new RuncastError('unexpected_answer', 'What answers at this address is not Runcast.')
  return ids.map(String)
}

/** A signal that aborts with the outer one, or with `timeout` after `ms`. */
function limited (outer: AbortSignal, ms: number): { signal: AbortSignal, clear: () => void } {
  const controller = new AbortController()
  const close = () => controller.abort(closedError())
  const timer = setTimeout(() => controller.abort(new RuncastError('timeout', `The service did not answer within ${ms} ms.`)), ms)
  outer.addEventListener('abort', close)
  return {
    signal: controller.signal,
    clear () {
      clearTimeout(timer)
      outer.removeEventListener('abort', close)
    }
  }
}

/** 128 random bits; `crypto.randomUUID` is missing in pages that are not served securely. */
function randomKey (): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
