import type { InputError } from '@runcast/engine'
import type { Fault } from '../../schemas/problem.ts'

/** What can be wrong with a request to the engine, with the HTTP status and the sentence for its client. */
const FAULTS = {
  workflow_not_found: [404, 'There is no such workflow. GET /api/v1/workflows names those that there are.'],
  input_invalid: [422, 'The input does not match the schema of the workflow: see errors.'],
  input_too_large: [413, 'The input is too large. Send less, or have ENGINE_MAX_DATA_BYTES raised.'],
  run_exists: [409, 'There is a run with this run_id already. Choose another one.'],
  run_not_of_engine: [409, 'The engine of this service has nothing of this run: it is executed elsewhere, or its time is over.'],
  run_over: [409, 'The run is over already.'],
  run_not_over: [409, 'The run is not over yet. Wait for its end, or cancel it.']
} as const

export type WorkflowErrorCode = keyof typeof FAULTS

/** The fault of a request to the engine. */
export class WorkflowError extends Error {
  readonly code: WorkflowErrorCode
  /** HTTP. */
  readonly statusCode: number
  /** Where the body is at fault; empty when it is not. */
  readonly faults: readonly Fault[]

  constructor (code: WorkflowErrorCode, faults: readonly Fault[] = []) {
    const [statusCode, message] = FAULTS[code]
    super(message)
    this.name = 'WorkflowError'
    this.code = code
    this.statusCode = statusCode
    this.faults = faults
  }
}

/** What is wrong with the input of a run, as its client may know it. */
export function inputRefusal (faults: InputError['faults']): WorkflowError {
  return new WorkflowError('input_invalid', faults.map(({ path, message }) => ({ in: 'body', path: `/input${path}`, detail: /[.!?]$/.test(message) ? message : `${message}.` })))
}
