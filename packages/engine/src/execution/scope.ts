import type { Duration } from '../definition/dsl.ts'
import { durationMs } from '../definition/duration.ts'
import { errorText } from '../error-text.ts'
import { ExpressionError, type Variables } from '../expression/evaluator.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { unlessAborted } from './abort.ts'
import { taskError } from './problem.ts'
import type { RunExecution } from './run-execution.ts'

/** Evaluates expressions with the variables that are known at one place of a run. */
export interface Scope {
  /**
   * @param input the value of `.`
   * @param mode decides about a text without `${ }`
   * @throws TaskError `expression`, or the reason of the signal
   */
  evaluate (template: Json, input: Json, mode?: 'value' | 'expression'): Promise<Json>
  /** Gives false for a condition whose value is false or null, else true. @throws TaskError `expression` */
  holds (condition: string, input: Json): Promise<boolean>
  /** Transforms a value by `from` or `as`; without one it stays as it is. @throws TaskError `expression` */
  transform (template: Json | undefined, value: Json): Promise<Json>
  /** @returns milliseconds. @throws TaskError `expression` */
  duration (duration: Duration, input: Json): Promise<number>
  /** Gives the same scope with more variables, and with another signal. */
  with (more: Variables, signal?: AbortSignal): Scope
}

/** Makes a scope. The variables that all tasks have are there already. */
export function createScope (run: Pick<RunExecution, 'evaluator' | 'journal' | 'variables'>, variables: Variables, signal: AbortSignal): Scope {
  const evaluate: Scope['evaluate'] = async (template, input, mode = 'value') => {
    try {
      const scope = { input, variables: { ...run.variables, context: run.journal.context, ...variables } }
      return await unlessAborted(signal, run.evaluator.evaluate(template, scope, mode))
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      throw taskError('expression', `The expression ${error.program} has no value: ${error.message}`, { cause: error })
    }
  }
  return {
    evaluate,
    async holds (condition, input) {
      const value = await evaluate(condition, input, 'expression')
      return value !== false && value !== null
    },
    async transform (template, value) {
      return template === undefined ? value : await evaluate(template, value, typeof template === 'string' ? 'expression' : 'value')
    },
    async duration (duration, input) {
      const value = typeof duration === 'string' ? await evaluate(duration, input) : duration
      if (typeof value === 'string' || isDuration(value)) return msOf(value)
      throw taskError('expression', 'A duration must be a text in ISO 8601, such as PT5S, or an object with days, hours, minutes, seconds and milliseconds.')
    },
    with: (more, other = signal) => createScope(run, { ...variables, ...more }, other)
  }
}

/** @throws TaskError `expression` for a text that is no duration */
function msOf (duration: Duration): number {
  try {
    return durationMs(duration)
  } catch (cause) {
    throw taskError('expression', errorText(cause), { cause })
  }
}

function isDuration (value: Json | Duration): value is Exclude<Duration, string> {
  return isJsonObject(value) && Object.values(value).every((part) => typeof part === 'number')
}

/** Gives a time as expressions have it. https://github.com/serverlessworkflow/specification/blob/main/dsl.md#datetime-descriptor */
export function dateTime (ms: number): JsonObject {
  return { iso8601: new Date(ms).toISOString(), epoch: { seconds: Math.floor(ms / 1000), milliseconds: ms } }
}
