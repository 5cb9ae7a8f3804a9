import type { Json } from '../json.ts'

/** An error of a task or a run as RFC 9457 has it; `instance` is the JSON pointer of the task. */
export type Problem = {
  readonly type: string
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly instance?: string
}

const BASE = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
/** The address that the examples and the conformance kit of the specification still use. */
const FORMER_BASE = 'https://serverlessworkflow.io/dsl/errors/types/'

/** https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#standard-error-types */
const STANDARD = {
  configuration: { status: 400, title: 'Invalid configuration' },
  validation: { status: 400, title: 'Invalid data' },
  expression: { status: 400, title: 'Expression without a value' },
  authentication: { status: 401, title: 'Not authenticated' },
  authorization: { status: 403, title: 'Not allowed' },
  timeout: { status: 408, title: 'Timed out' },
  communication: { status: 500, title: 'Communication failed' },
  runtime: { status: 500, title: 'Execution failed' }
} as const

export type StandardError = keyof typeof STANDARD

/** Fails a task. A `try` of the definition can catch it; if none does, it fails the run. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly problem: Problem

  constructor (problem: Problem, options?: ErrorOptions) {
    super(problem.detail ?? problem.title, options)
    this.problem = problem
  }
}

/**
 * Makes an error of one of the standard types.
 *
 * @param detail one sentence that tells the author of the workflow what to do
 * @param more replaces the status and the title of the type
 */
export function taskError (kind: StandardError, detail: string, more: { readonly status?: number, readonly title?: string, readonly cause?: unknown } = {}): TaskError {
  const { status, title } = STANDARD[kind]
  const problem = { type: BASE + kind, status: more.status ?? status, title: more.title ?? title, detail }
  return new TaskError(problem, more.cause === undefined ? {} : { cause: more.cause })
}

/** Gives the present address of an error's type, which a definition may write with the former address of a standard type. */
export function standardType (type: string): string {
  return type.startsWith(FORMER_BASE) ? BASE + type.slice(FORMER_BASE.length) : type
}

/** Gives a problem as the value of a variable, such as `$error`. */
export function problemValue ({ type, status, title, detail, instance }: Problem): { [field: string]: Json } {
  return { type, status, title, ...detail !== undefined && { detail }, ...instance !== undefined && { instance } }
}

/** Adds to an error the task that it comes from, unless it names one already. */
export function withInstance (error: TaskError, instance: string): TaskError {
  return error.problem.instance === undefined ? new TaskError({ ...error.problem, instance }, { cause: error.cause }) : error
}
