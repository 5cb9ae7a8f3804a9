import type { RetryPolicy } from '../definition/dsl.ts'
import type { Json } from '../json.ts'
import type { Scope } from './scope.ts'

/** A failed attempt, as a retry policy judges it. */
export interface FailedAttempt {
  /** How many attempts have failed, this one among them. */
  readonly failures: number
  /** When the first one began, in milliseconds since 1970. */
  readonly firstAt: number
}

/**
 * Whether and when to try again.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#retry
 *
 * @param scope one that has the error as a variable
 * @returns milliseconds since 1970; null when the policy does not allow another attempt
 * @throws TaskError `expression`
 */
export async function nextAttemptAt (policy: RetryPolicy, { failures, firstAt }: FailedAttempt, scope: Scope, input: Json): Promise<number | null> {
  if (policy.when !== undefined && !await scope.holds(policy.when, input)) return null
  if (policy.exceptWhen !== undefined && await scope.holds(policy.exceptWhen, input)) return null
  const { attempt, duration } = policy.limit ?? {}
  if (attempt?.count !== undefined && failures > attempt.count) return null
  const at = Date.now() + await delayMs(policy, failures, scope, input)
  return duration !== undefined && at > firstAt + await scope.duration(duration, input) ? null : at
}

async function delayMs ({ delay, backoff, jitter }: RetryPolicy, failures: number, scope: Scope, input: Json): Promise<number> {
  const constant = delay === undefined ? 0 : await scope.duration(delay, input)
  const factor = backoff?.exponential !== undefined ? 2 ** (failures - 1) : backoff?.linear !== undefined ? failures : 1
  return Math.min(constant * factor, LONGEST_DELAY_MS) + await jitterMs(jitter, scope, input)
}

async function jitterMs (jitter: RetryPolicy['jitter'], scope: Scope, input: Json): Promise<number> {
  if (jitter === undefined) return 0
  const from = await scope.duration(jitter.from, input)
  const to = await scope.duration(jitter.to, input)
  return from + Math.random() * Math.max(0, to - from)
}

/** A day: an exponential delay has no bound of its own. */
const LONGEST_DELAY_MS = 86_400_000
