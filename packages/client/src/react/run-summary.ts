import type { Outcome } from '@runcast/protocol'

/** The state of a run in the service's words. Times are RFC 3339 texts. */
export interface RunSummary {
  readonly run_id: string
  readonly name: string | null
  /** The status in lower case; null before the first. */
  readonly status: string | null
  /** Null unless the run has ended. */
  readonly outcome: Outcome | null
  /** True if the status ended the run for good. */
  readonly terminal: boolean
  readonly error: unknown
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly updated_at: string
  /** The time of the newest event or sign of life; null if its publisher has never sent a sign of life. */
  readonly last_heard_at: string | null
  readonly events: number
  /** The number of events of each type; null if it can not be known any more. */
  readonly counts: Readonly<Record<string, number>> | null
  readonly steps: readonly StepSummary[]
  readonly last_log: string | null
  readonly first_event_id: string | null
  readonly last_event_id: string
  readonly retry_of: string | null
  /** The workflow that the run executes; null if its events named none. */
  readonly workflow: { readonly name: string, readonly version: string } | null
}

/** The state of a step of a run. */
export interface StepSummary {
  readonly step: string
  readonly name: string | null
  readonly status: string
  /** Null unless the status ended the step. */
  readonly outcome: Outcome | null
  readonly started_at: string
  readonly updated_at: string
  readonly finished_at: string | null
}

/** The runs that changed last, the latest change first. */
export interface RunPage {
  readonly runs: readonly RunSummary[]
  /** The service's cursor for the next page; null at the end. */
  readonly cursor: string | null
}
