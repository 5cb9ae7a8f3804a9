import type { Publisher } from '@runcast/client'
import type { Workflow } from './definition/workflow.ts'
import type { Evaluator } from './expression/evaluator.ts'
import type { Json } from './json.ts'
import type { EngineLogger } from './logger.ts'
import type { Creation, RunRecord, RunStore } from './store/run-store.ts'

export interface EngineOptions {
  readonly store: RunStore
  readonly evaluator: Evaluator
  /** The publisher for the runs of a tenant, '' for none. The engine closes none of them. */
  readonly publisherOf: (tenant: string) => Publisher
  /** Where secrets come from; only those that a definition names are looked at. */
  readonly environment: { readonly [name: string]: string | undefined }
  /** Whether `run: shell` and MCP servers over stdio may start processes. */
  readonly allowProcesses: boolean
  /** The hosts that HTTP and MCP calls may go to: `host`, `host:port`, `*.domain`. Link-local and metadata addresses are never allowed. */
  readonly allowedHosts: readonly string[]
  readonly logger: EngineLogger
  /** The most bytes of JSON that a task may put out, and that a run may take in. */
  readonly maxDataBytes: number
  /** How long the work of a process that is gone waits for another one, in milliseconds. */
  readonly leaseMs: number
  /** The most runs that are executed at the same time; others wait in the order in which they came. */
  readonly maxConcurrentRuns: number
}

/** The run that is to be made. */
export type NewRun = Pick<RunRecord, 'runId' | 'tenant' | 'idempotencyKey'>

export interface StartRequest extends NewRun {
  readonly workflow: Workflow
  readonly input: Json
}

/** Executes runs. */
export interface Engine {
  /**
   * Takes a run on. When it resolves, the run is stored and will be executed, also when this process ends.
   *
   * @throws InputError when the input fails the workflow's schema: nothing is stored
   */
  start (request: StartRequest): Promise<Creation>
  /**
   * Repeats a run that is over, from its last checkpoint, as another run.
   *
   * @returns `unknown` when the run is not one of this engine and tenant, `running` when it is not over
   */
  retry (runId: string, request: NewRun): Promise<Creation | 'unknown' | 'running'>
  /** Ends a run within a second, wherever it is executed. @returns `over` when there was nothing to end */
  cancel (runId: string, tenant: string): Promise<'cancelling' | 'over' | 'unknown'>
  /** Goes on with every run that is not over and that nobody executes. Called at start, and by the engine itself from time to time. */
  recover (): Promise<void>
  /** Stops where the runs are, so that another process goes on with them. */
  close (): Promise<void>
}

/** What is wrong with an input. */
export class InputError extends Error {
  override readonly name = 'InputError'
  /** JSON pointers into the input, with one sentence each. */
  readonly faults: ReadonlyArray<{ readonly path: string, readonly message: string }>

  constructor (faults: InputError['faults']) {
    super('The input does not match the schema of the workflow.')
    this.faults = faults
  }
}
