import type { RetryPolicy } from '../definition/dsl.ts'
import type { Json } from '../json.ts'
import type { Scope } from './scope.ts'

/** The failed attempts of a `try`, as a retry policy judges them. */
export interface FailedAttempts {
  readonly failures: number
  /** The begin of the first attempt, in milliseconds since 1970. */
  readonly firstAt: number
}

/**
 * Gives the time of the next attempt as the policy says.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#retry
 *
 * @param scope one that has the error as a variable
 * @returns milliseconds since 1970; null when the policy allows no other attempt
 * @throws TaskError `expression`
 */
export async function nextAttemptAt (policy: RetryPolicy, { failures, firstAt }: FailedAttempts, scope: Scope, input: Json): Promise<number | null> {
  if (policy.when !== undefined && !await scope.holds(policy.when, input)) return null
  if (policy.exceptWhen !== undefined && await scope.holds(policy.exceptWhen, input)) return null
  const { attempt, duration } = policy.limit ?? {}
  if (attempt?.count !== undefined && failures > attempt.count) return null
  const at = Date.now() + await delayMs(policy, failures, scope, input)
  return duration !== undefined && at > firstAt + await scope.duration(duration, input) ? null : at
}

/** A day: an exponential delay has no bound of its own. */
const LONGEST_DELAY_MS = 86_400_000

async function delayMs ({ delay, backoff, jitter }: RetryPolicy, failures: number, scope: Scope, input: Json): Promise<number> {
  const constant = delay === undefined ? 0 : await scope.duration(delay, input)
  const factor = backoff?.exponential !== undefined ? 2 ** (failures - 1) : backoff?.linear !== undefined ? failures : 1
  return Math.min(constant * factor, LONGEST_DELAY_MS) + await jitterMs(jitter, scope, input)
}

/** Draws from the range of the policy: the definition sets it, so that this is no back-off of the engine's own. */
async function jitterMs (jitter: RetryPolicy['jitter'], scope: Scope, input: Json): Promise<number> {
  if (jitter === undefined) return 0
  const from = await scope.duration(jitter.from, input)
  const to = await scope.duration(jitter.to, input)
  return from + Math.random() * Math.max(0, to - from)
}
