import type { WorkflowDefinition } from '../definition/dsl.ts'
import type { Evaluator, Variables } from '../expression/evaluator.ts'
import type { JsonObject } from '../json.ts'
import type { EngineLogger } from '../logger.ts'
import type { GuardedHttp } from './http/guarded-http.ts'
import type { Journal } from './journal.ts'
import type { RunEvents } from './run-events.ts'

/** The execution of a run by this process: everything that its tasks share. */
export interface RunExecution {
  readonly runId: string
  /** The fencing token of the claim under which the run is executed. */
  readonly token: number
  readonly definition: WorkflowDefinition
  /** The variables of every expression: `workflow`, `runtime`, `secrets`. */
  readonly variables: Variables
  readonly secrets: JsonObject
  readonly evaluator: Evaluator
  readonly events: RunEvents
  readonly journal: Journal
  readonly http: GuardedHttp
  readonly allowProcesses: boolean
  /** The environment of the engine; processes get a few of its variables. */
  readonly environment: { readonly [name: string]: string | undefined }
  readonly maxDataBytes: number
  readonly logger: EngineLogger
  /** Aborted when the run as a whole has to stop. */
  readonly signal: AbortSignal
  /** Processes that no task awaits: the run is over when they are. */
  readonly background: Set<Promise<void>>
}
