/**
 * What one event does to the state of its run, worked out once by the service so that a store only has to apply it:
 * a `status` never overrides a terminal one, the first `startedAt` of a run or step stays, the rest is last wins.
 */
export interface RunEffect {
  /** The run's new status, in lower case. */
  readonly status?: string
  /** Whether that status ends the run for good. */
  readonly terminal?: boolean
  /** Whether that status means that the run has begun (anything but queued, pending, scheduled, created, waiting). */
  readonly started?: boolean
  readonly name?: string
  /** JSON text. */
  readonly error?: string
  readonly retryOf?: string
  /** The last log line, cut to MAX_LAST_LOG_CHARACTERS. */
  readonly log?: string
  readonly step?: StepEffect
}

/** What a `status_change` with a `step` says of that step. */
export interface StepEffect {
  readonly step: string
  readonly status: string
  readonly terminal: boolean
  readonly name?: string
}
