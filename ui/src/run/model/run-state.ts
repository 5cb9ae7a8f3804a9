import { fieldOf, isWaitingStatus, msOf, outcomeOf, type Outcome } from '@runcast/protocol'
import type { Run, WorkflowName } from '../../api/types.ts'
import { stepField, textField } from '../../json/fields.ts'
import { errorText, type SourceEvent } from './log-rows.ts'
import { foldStep, type Step } from './steps.ts'

/** The known state of a run. Times in milliseconds since 1970, by the service's clock. */
export interface RunState {
  readonly name: string | null
  /** In lower case; null before the first. */
  readonly status: string | null
  /** Null unless the run is over. Also null for the end by a word that only the service knows. */
  readonly outcome: Outcome | null
  readonly terminal: boolean
  /** The time of the newest event or sign of life, as far as it was told; null if its publisher has never sent a sign. */
  readonly lastHeardAt: number | null
  /** The message of the error; null without one. */
  readonly error: string | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly retryOf: string | null
  /** The workflow that it executes; null for a run of another engine. */
  readonly workflow: WorkflowName | null
  readonly steps: readonly Step[]
}

/** The state before anything is known. */
export const UNKNOWN_RUN: RunState = {
  name: null, status: null, outcome: null, terminal: false, lastHeardAt: null, error: null, startedAt: null, finishedAt: null, retryOf: null, workflow: null, steps: []
}

/** Reads the state of a run from the service's answer. */
export function runStateOf (run: Run): RunState {
  return {
    name: run.name,
    status: run.status,
    outcome: run.outcome,
    terminal: run.terminal,
    lastHeardAt: timeOf(run.last_heard_at),
    error: errorText(run.error),
    startedAt: timeOf(run.started_at),
    finishedAt: timeOf(run.finished_at),
    retryOf: run.retry_of,
    workflow: run.workflow,
    steps: run.steps.map(({ step, name, status, outcome, started_at: started, updated_at: updated, finished_at: finished }) => ({
      step, name, status, outcome, startedAt: Date.parse(started), finishedAt: timeOf(outcome === null ? finished : finished ?? updated)
    }))
  }
}

/**
 * Brings an event into the state of its run, as the service does: the first end stays.
 *
 * @returns the same state when the event changes nothing
 */
export function foldEvent (state: RunState, event: SourceEvent): RunState {
  if (event.type !== 'status_change') return state
  if (stepField(event.data) !== null) return { ...state, steps: foldStep(state.steps, event) }
  const given = textField(event.data, 'status')
  if (given === null || state.terminal) return state
  const ms = msOf(event.id)
  const status = given.toLowerCase()
  const outcome = outcomeOf(status)
  return {
    ...state,
    name: textField(event.data, 'name') ?? state.name,
    workflow: workflowOf(event) ?? state.workflow,
    error: errorText(fieldOf(event.data, 'error')) ?? state.error,
    status,
    outcome,
    terminal: outcome !== null,
    startedAt: state.startedAt ?? (isWaitingStatus(status) ? null : ms),
    finishedAt: outcome === null ? null : ms
  }
}

function workflowOf ({ data }: SourceEvent): WorkflowName | null {
  const [name, version] = [textField(data, 'workflow'), textField(data, 'workflow_version')]
  return name === null || version === null ? null : { name, version }
}

/** The state of a run whose stream has ended with it, whatever its status is. */
export function endedRun (state: RunState, status: string | null, lastEventId: string): RunState {
  return state.terminal ? state : { ...state, status: status ?? state.status, outcome: outcomeOf(status ?? state.status ?? ''), terminal: true, finishedAt: msOf(lastEventId) }
}

function timeOf (text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}
