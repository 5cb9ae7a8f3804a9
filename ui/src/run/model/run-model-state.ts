import type { ApiError } from '../../api/api-error.ts'
import type { ReaderState } from './log-reader.ts'
import type { Preview } from './previews.ts'
import type { Checked } from './reconnect-check.ts'
import type { RunState } from './run-state.ts'

/** The state of a run's page, without the rows of its log. */
export interface RunModelState {
  /** `waiting` for a run that does not exist yet; `refused` without the right to see it, or for an id that is none. */
  readonly phase: 'opening' | 'waiting' | 'open' | 'refused'
  /** Says why the run does not open; null when it does. */
  readonly problem: ApiError | null
  readonly run: RunState
  readonly reader: ReaderState
  readonly previews: readonly Preview[]
  /** The event after which the stream begins; null before it is known. */
  readonly streamFrom: string | null
  /** The last event that is known. */
  readonly newest: string
  /** The line to be shown, and a number that changes when it is to be shown again. */
  readonly focus: { readonly id: string, readonly time: number } | null
  readonly firstError: string | null
  /** Counts how often more came than could be taken in. */
  readonly timesBehind: number
  readonly checked: Checked | null
}
