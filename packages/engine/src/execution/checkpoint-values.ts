import type { Json } from '../json.ts'
import type { Problem } from './problem.ts'

/** What executing the rest of a run needs of a task that is over. */
export type FinishedTask = {
  readonly kind: 'task'
  /** JSON pointer of the task in the definition. */
  readonly step: string
  readonly status: 'succeeded' | 'skipped'
  readonly output: Json
  /** The flow directive that executing it gave, such as that of a switch's case; null for that of the definition. */
  readonly directive: string | null
  /** What the task exported. The exports of a run are numbered, so that the newest is known. */
  readonly context: { readonly number: number, readonly value: Json } | null
  /** Of the attempt that executed it; 0 when that was in another run, which this one repeats. */
  readonly token: number
  readonly durationMs: number
}

/** An attempt of a `try` that failed with an error it catches. */
export type CaughtError = {
  readonly kind: 'caught'
  readonly error: Problem
  /** When to try again, in milliseconds since 1970; null when that is over and the error is to be handled. */
  readonly retryAt: number | null
  readonly token: number
}

/** When something with a time limit began, in milliseconds since 1970. */
export type Started = { readonly kind: 'started', readonly at: number, readonly token: number }

/** What was found out when something began that has tasks of its own: those may change what it would be found to be later. */
export type Kept = { readonly kind: 'kept', readonly value: Json, readonly token: number }

/** How a run ended. */
export type FinishedRun = {
  readonly kind: 'run'
  readonly status: 'succeeded' | 'failed' | 'cancelled'
  /** Null unless it succeeded. */
  readonly output: Json
  readonly error: Problem | null
  readonly token: number
  readonly durationMs: number
}

/** The value of a checkpoint. */
export type CheckpointValue = FinishedTask | CaughtError | Started | Kept | FinishedRun

/** Whether a value that was stored is of a kind. Only this engine writes them, so their kind says all. */
export function isOfKind<Kind extends CheckpointValue['kind']> (kind: Kind, value: Json): value is Extract<CheckpointValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}
