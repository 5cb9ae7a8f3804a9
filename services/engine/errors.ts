import type { InputError } from '@runcast/engine'
import { defineProblem } from '../problems/problem-error.ts'

export class WorkflowNotFoundError extends defineProblem('workflow_not_found', 404, 'There is no such workflow. GET /api/v1/workflows lists those that exist.') {}

/** The schema of the workflow refuses the input. */
export class InputInvalidError extends defineProblem('input_invalid', 422, 'The input does not match the schema of the workflow: see errors.') {
  constructor (faults: InputError['faults']) {
    super()
    for (const { path, message } of faults) this.at('body', `/input${path}`, /[.!?]$/.test(message) ? message : `${message}.`)
  }
}

export class InputTooLargeError extends defineProblem('input_too_large', 413, 'The input is too large. Send less, or have ENGINE_MAX_DATA_BYTES raised.') {}

export class RunExistsError extends defineProblem('run_exists', 409, 'A run with this run_id exists already. Choose another one.') {}

/** The engine has nothing of a run that the log knows. */
export class RunNotOfEngineError extends defineProblem('run_not_of_engine', 409, 'The engine of this service has nothing of this run: it is executed elsewhere, or its time is over.') {}

export class RunOverError extends defineProblem('run_over', 409, 'The run is over already.') {}

export class RunNotOverError extends defineProblem('run_not_over', 409, 'The run is not over yet. Wait for its end, or cancel it.') {}
