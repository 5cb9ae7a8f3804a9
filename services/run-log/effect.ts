import { fieldOf, isRunId, isWaitingStatus, type Outcome } from '@runcast/protocol'
import { MAX_LAST_LOG_CHARACTERS } from './retention.ts'
import type { TerminalStatuses } from './terminal-statuses.ts'

/**
 * The change that one event makes to the state of its run. The service works it out once, and a store only applies it:
 * a terminal status stays, the first `startedAt` of a run or step stays, everything else is replaced by the newest.
 */
export interface RunEffect {
  /** The run's new status, in lower case. */
  readonly status?: string
  /** Set if that status ends the run for good. */
  readonly outcome?: Outcome
  /** True if the run has begun with that status: with any that is not a kind of waiting. */
  readonly started?: boolean
  readonly name?: string
  /** JSON text. */
  readonly error?: string
  readonly retryOf?: string
  /** The workflow that the run executes: JSON text of `{name, version}`. */
  readonly workflow?: string
  /** The last log line, cut to MAX_LAST_LOG_CHARACTERS. */
  readonly log?: string
  readonly step?: StepEffect
}

/** The change that a `status_change` with a `step` makes to that step. */
export interface StepEffect {
  readonly step: string
  readonly status: string
  /** Set if that status ends the step. */
  readonly outcome?: Outcome
  readonly name?: string
}

/**
 * The members of a `status_change` that say what a run is. A payload that cannot be stored whole keeps them; every
 * member that decides the state must be among them.
 */
export const STATUS_FIELDS: ReadonlySet<string> = new Set([
  'status', 'previous_status', 'step', 'name', 'reason', 'error', 'retry_of', 'workflow', 'workflow_version'
])

const MAX_STATUS_CHARACTERS = 64
const MAX_NAME_CHARACTERS = 200
const MAX_ERROR_CHARACTERS = 4_000

/**
 * Works out the change that an event makes to the state of its run. A payload of another shape than its type has is
 * no fault: it is delivered as it is and changes nothing.
 *
 * @param payload the parsed payload
 * @returns null when the event changes nothing
 */
export function effectOf (type: string, payload: unknown, terminalStatuses: TerminalStatuses): RunEffect | null {
  if (type === 'log') return logEffect(payload)
  if (type === 'status_change') return statusEffect(payload, terminalStatuses)
  return null
}

function logEffect (payload: unknown): RunEffect | null {
  const message = text(fieldOf(payload, 'message'), MAX_LAST_LOG_CHARACTERS)
  return message === null ? null : { log: message }
}

function statusEffect (payload: unknown, terminalStatuses: TerminalStatuses): RunEffect | null {
  const given = fieldOf(payload, 'status')
  if (typeof given !== 'string' || given === '' || given.length > MAX_STATUS_CHARACTERS) return null
  const status = given.toLowerCase()
  const outcome = terminalStatuses.get(status)
  const end = outcome === undefined ? {} : { outcome }
  const name = text(fieldOf(payload, 'name'), MAX_NAME_CHARACTERS)
  const named = name === null ? {} : { name }
  const step = fieldOf(payload, 'step')
  if (step !== undefined && step !== null && step !== '') {
    const stepName = typeof step === 'number' ? String(step) : step
    if (typeof stepName !== 'string' || stepName.length > MAX_NAME_CHARACTERS) return null
    return { step: { step: stepName, status, ...end, ...named } }
  }
  const error = fieldOf(payload, 'error')
  const retryOf = fieldOf(payload, 'retry_of')
  const workflow = workflowText(payload)
  return {
    status,
    ...end,
    started: !isWaitingStatus(status),
    ...named,
    ...(error === undefined || error === null ? {} : { error: errorText(error) }),
    ...(typeof retryOf === 'string' && isRunId(retryOf) ? { retryOf } : {}),
    ...(workflow === null ? {} : { workflow })
  }
}

function workflowText (payload: unknown): string | null {
  const name = text(fieldOf(payload, 'workflow'), MAX_NAME_CHARACTERS)
  const version = text(fieldOf(payload, 'workflow_version'), MAX_NAME_CHARACTERS)
  return name === null || version === null ? null : JSON.stringify({ name, version })
}

/** The JSON text of an error. A long one is cut, since every summary of the run carries it. */
function errorText (error: unknown): string {
  const json = JSON.stringify(error)
  if (json.length <= MAX_ERROR_CHARACTERS) return json
  const message = fieldOf(error, 'message')
  return JSON.stringify({ message: cut(typeof message === 'string' ? message : json, MAX_ERROR_CHARACTERS), truncated: true })
}

function text (value: unknown, maxCharacters: number): string | null {
  return typeof value === 'string' && value !== '' ? cut(value, maxCharacters) : null
}

/** The beginning of a text, never ending in half of a surrogate pair. */
function cut (value: string, maxCharacters: number): string {
  if (value.length <= maxCharacters) return value
  const code = value.charCodeAt(maxCharacters - 1)
  return value.slice(0, code >= 0xd800 && code <= 0xdbff ? maxCharacters - 1 : maxCharacters)
}
