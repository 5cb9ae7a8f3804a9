import { backoffMs, type Backoff } from '@runcast/protocol'
import type { Deliver, RunStanding } from './deliver.ts'
import { createJudge, noAnswer, notRuncast, RuncastError } from './errors.ts'
import { limitRequest } from './limited-request.ts'
import { pause } from './pause.ts'

/** A failed attempt to deliver a batch, which will be repeated. */
export interface Retry {
  readonly runId: string
  /** 1 for the first repetition of a batch. */
  readonly attempt: number
  readonly delayMs: number
  readonly error: RuncastError
}

export interface SenderOptions {
  readonly deliver: Deliver
  readonly backoff: Backoff
  /** The time limit of one attempt, in milliseconds. */
  readonly requestTimeoutMs: number
  readonly onRetry: (retry: Retry) => void
  /** Called when a batch was delivered or refused after repetitions: the service answers again. */
  readonly onRecovered: (runId: string) => void
}

/** A batch that is stored. */
export interface Sent {
  readonly ids: readonly string[]
  readonly run: RunStanding | null
}

export interface Sender {
  /**
   * Delivers one batch. It is sent again under one `Idempotency-Key` until the service stores or refuses it.
   *
   * @param events one JSON object each
   * @returns one id per event, and the run's state if it is known
   * @throws RuncastError the service's refusal, or `closed` after `end`; `unexpected_answer` after ten answers of something
   *   else, if the service has never answered
   */
  send (runId: string, events: readonly string[]): Promise<Sent>
  /** Ends all attempts. */
  end (): void
}

/** Makes a sender. */
export function createSender ({ deliver, ...options }: SenderOptions): Sender {
  // One per batch: Node warns of many listeners on one signal.
  const underWay = new Set<AbortController>()
  const judge = createJudge()
  let ended = false

  async function attempt (runId: string, body: string, key: string, signal: AbortSignal): Promise<Sent> {
    const late = new RuncastError('timeout', `The service was silent for ${options.requestTimeoutMs} ms.`)
    const request = limitRequest(signal, options.requestTimeoutMs, late)
    const answer = await request.step(() => deliver(runId, body, key, request.signal)).finally(request.close)
    return 'run' in answer ? answer : { ids: answer, run: null }
  }

  async function repeat (runId: string, events: readonly string[], signal: AbortSignal): Promise<Sent> {
    const body = `[${events.join(',')}]`
    const key = randomKey()
    for (let failures = 0; ; failures++) {
      const outcome = await attempt(runId, body, key, signal).catch(noAnswer)
      const failed = outcome instanceof RuncastError
      if (failed && judge.isTransient(outcome)) {
        if (signal.aborted) throw closedError()
        const delayMs = Math.max(outcome.retryAfterMs ?? 0, backoffMs(failures, options.backoff))
        options.onRetry({ runId, attempt: failures + 1, delayMs, error: outcome })
        await pause(delayMs, signal)
        continue
      }
      if (failures > 0) options.onRecovered(runId)
      if (failed) throw outcome
      judge.answered()
      if (outcome.ids.length !== events.length) throw notRuncast()
      return outcome
    }
  }

  return {
    send (runId, events) {
      const batch = new AbortController()
      underWay.add(batch)
      if (ended) batch.abort()
      return repeat(runId, events, batch.signal).finally(() => underWay.delete(batch))
    },
    end () {
      ended = true
      for (const batch of underWay) batch.abort()
    }
  }
}

/** Makes the error of events that a closed publisher has not delivered or no longer accepts. */
export function closedError (): RuncastError {
  return new RuncastError('closed', 'The publisher is closed.')
}

/** Makes 128 random bits. `crypto.randomUUID` is missing in pages over plain http. */
function randomKey (): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}
