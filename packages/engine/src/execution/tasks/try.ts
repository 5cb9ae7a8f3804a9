import type { ErrorFilter, RetryPolicy, TryTask } from '../../definition/dsl.ts'
import { errorVariable } from '../../definition/variables.ts'
import { sleepUntil } from '../abort.ts'
import type { CaughtError } from '../checkpoint-values.ts'
import { namedPart } from '../named-part.ts'
import { keyOf } from '../place.ts'
import { problemValue, standardType, TaskError, type Problem } from '../problem.ts'
import { nextAttemptAt } from '../retry.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'
import { withTimeLimit } from '../time-limit.ts'

/**
 * Executes tasks. If they fail with an error that the `try` catches, they are executed again as its retry policy says,
 * and then its `catch.do` is.
 *
 * @returns the output of the tasks, or of `catch.do`; the input, if there is neither `catch.do` nor a retry policy
 * @throws TaskError that is not caught, or that is left when the retry policy allows no other attempt and there is no `catch.do`
 */
export async function executeTry (execution: TaskExecution<TryTask>): Promise<Outcome> {
  const { run, task, place, input } = execution
  const policy = policyOf(execution)
  const firstAt = await run.journal.startedAt(place.key, policy?.limit?.duration !== undefined)
  for (let round = 0; ; round += 1) {
    const result = run.journal.caughtError(keyOf(place, '/try', round)) ?? await attempt(execution, policy, round, firstAt)
    if (!('error' in result)) return result
    if (result.retryAt !== null) {
      await sleepUntil(result.retryAt, place.signal)
      continue
    }
    if (task.catch.do === undefined) return { output: input, directive: null }
    return await execution.executeList(task.catch.do, { path: '/catch/do', variables: errorVariables(execution, result.error) }, input)
  }
}

/** Makes one attempt. @returns its outcome, or the error that is caught */
async function attempt (execution: TaskExecution<TryTask>, policy: RetryPolicy | undefined, round: number, firstAt: number): Promise<Outcome | CaughtError> {
  const { run, task, place, input, executeList } = execution
  try {
    return await withinLimit(execution, policy, round, (signal) => executeList(task.try, { path: '/try', round, attempt: round + 1, signal }, input))
  } catch (error) {
    if (place.signal.aborted || !(error instanceof TaskError) || !await isCaught(execution, error.problem)) throw error
    // A policy in `use.retries` does not know the name of this `try` for the error: it uses `error`.
    const scope = execution.scope.with({ error: problemValue(error.problem), ...errorVariables(execution, error.problem) })
    const retryAt = policy === undefined ? null : await nextAttemptAt(policy, { failures: round + 1, firstAt }, scope, input)
    if (retryAt === null && policy !== undefined && task.catch.do === undefined) throw error
    const caught: CaughtError = { kind: 'caught', error: error.problem, retryAt, token: run.token }
    await run.journal.save(keyOf(place, '/try', round), caught)
    if (retryAt !== null) execution.log('warning', `Attempt ${round + 1} failed: ${error.message} The next attempt begins in ${Math.max(0, Math.round(retryAt - Date.now()))} ms.`)
    return caught
  }
}

/** Executes an attempt for no longer than the policy allows. */
async function withinLimit<T> ({ run, place, scope, input }: TaskExecution<TryTask>, policy: RetryPolicy | undefined, round: number, execute: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = policy?.limit?.attempt?.duration
  if (limit === undefined) return await execute(place.signal)
  const ms = await scope.duration(limit, input)
  const startedAt = await run.journal.startedAt(keyOf(place, '/try', round), true)
  return await withTimeLimit(place, 'The attempt', startedAt, ms, execute)
}

async function isCaught (execution: TaskExecution<TryTask>, error: Problem): Promise<boolean> {
  const { errors, when, exceptWhen } = execution.task.catch
  if (errors?.with !== undefined && !matches(errors.with, error)) return false
  const scope = execution.scope.with(errorVariables(execution, error))
  if (when !== undefined && !await scope.holds(when, execution.input)) return false
  return exceptWhen === undefined || !await scope.holds(exceptWhen, execution.input)
}

function matches (filter: ErrorFilter, error: Problem): boolean {
  const detail = filter.details ?? filter.detail
  return (filter.type === undefined || standardType(filter.type) === standardType(error.type)) &&
    (filter.status === undefined || Number(filter.status) === error.status) &&
    (filter.title === undefined || filter.title === error.title) &&
    (detail === undefined || detail === error.detail) &&
    (filter.instance === undefined || filter.instance === error.instance)
}

function errorVariables ({ task }: TaskExecution<TryTask>, error: Problem): { readonly [name: string]: ReturnType<typeof problemValue> } {
  return { [errorVariable(task.catch)]: problemValue(error) }
}

function policyOf ({ run, task }: TaskExecution<TryTask>): RetryPolicy | undefined {
  const { retry } = task.catch
  return typeof retry === 'string' ? namedPart(run.definition, 'retries', retry) : retry
}
