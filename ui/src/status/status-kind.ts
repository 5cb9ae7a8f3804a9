import { statusKindOf, type Outcome, type StatusKind } from '@runcast/protocol'

/** A run as far as its status is shown. */
export interface ShownStatus {
  readonly status: string | null
  readonly outcome: Outcome | null
  /** True if the run is over, whatever the name of its status. */
  readonly terminal: boolean
}

/** The kind of a run's status. */
export function kindOfRun ({ status, outcome, terminal }: ShownStatus): StatusKind {
  return terminal && outcome === null ? 'other' : statusKindOf(status, outcome)
}
