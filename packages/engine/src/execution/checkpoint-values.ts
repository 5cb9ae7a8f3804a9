import type { Json } from '../json.ts'
import type { Problem } from './problem.ts'

/** A task that is over: everything that the rest of the run needs of it. */
export type FinishedTask = {
  readonly kind: 'task'
  /** JSON pointer of the task in the definition. */
  readonly step: string
  readonly status: 'succeeded' | 'skipped'
  readonly output: Json
  /** The flow directive that its execution gave, such as the directive of a switch's case; null to go on as the definition says. */
  readonly directive: string | null
  /** The context that the task exported. The exports of a run are numbered, so that the newest is known. */
  readonly context: { readonly number: number, readonly value: Json } | null
  /** The fencing token under which it was executed; 0 when it was taken over from the run that this one repeats. */
  readonly token: number
  readonly durationMs: number
}

/** An attempt of a `try` that failed with an error that the `try` catches. */
export type CaughtError = {
  readonly kind: 'caught'
  readonly error: Problem
  /** The time of the next attempt, in milliseconds since 1970; null when there is none and the error is to be handled. */
  readonly retryAt: number | null
  readonly token: number
}

/** The time at which something with a time limit began, in milliseconds since 1970. */
export type Started = { readonly kind: 'started', readonly at: number, readonly token: number }

/** A value that was found when a task with tasks of its own began. Those tasks may change what the expression would give later. */
export type Kept = { readonly kind: 'kept', readonly value: Json, readonly token: number }

/** The end of a run. */
export type FinishedRun = {
  readonly kind: 'run'
  readonly status: 'succeeded' | 'failed' | 'cancelled'
  /** Null unless the run succeeded. */
  readonly output: Json
  readonly error: Problem | null
  readonly token: number
  readonly durationMs: number
}

/** The value of a checkpoint. */
export type CheckpointValue = FinishedTask | CaughtError | Started | Kept | FinishedRun

/** Tells whether a stored value is of a kind. Only the engine writes them, so the field `kind` is enough. */
export function isOfKind<Kind extends CheckpointValue['kind']> (kind: Kind, value: Json): value is Extract<CheckpointValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}
