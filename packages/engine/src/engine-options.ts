import type { Publisher } from '@runcast/client'
import type { Workflow } from './definition/workflow.ts'
import type { Evaluator } from './expression/evaluator.ts'
import type { Fault } from './fault.ts'
import type { Json } from './json.ts'
import type { EngineLogger } from './logger.ts'
import type { Creation, RunRecord, RunStore } from './store/run-store.ts'

export interface EngineOptions {
  readonly store: RunStore
  readonly evaluator: Evaluator
  /** Gives the publisher for the runs of a tenant, '' for none. The engine does not close it. */
  readonly publisherOf: (tenant: string) => Publisher
  /** Holds the secrets of definitions, and the few variables that processes get. */
  readonly environment: { readonly [name: string]: string | undefined }
  /** True when `run: shell` and MCP servers over stdio may start processes. */
  readonly allowProcesses: boolean
  /** The hosts to which HTTP and MCP calls may go: `host`, `host:port`, `*.domain`. Link-local and metadata addresses are never allowed. */
  readonly allowedHosts: readonly string[]
  readonly logger: EngineLogger
  /** The most bytes of JSON in the output of a task and in the input of a run. */
  readonly maxDataBytes: number
  /** The time after which another process takes over the runs of a process that is gone, in milliseconds. */
  readonly leaseMs: number
  /** The most runs that are executed at the same time; others wait in the order of their arrival. */
  readonly maxConcurrentRuns: number
}

/** The identity of a run that is to be created. */
export type NewRun = Pick<RunRecord, 'runId' | 'tenant' | 'idempotencyKey'>

export interface StartRequest extends NewRun {
  readonly workflow: Workflow
  readonly input: Json
}

/** Executes runs. */
export interface Engine {
  /**
   * Stores a run and queues it. When it resolves, the run will be executed, also if this process ends.
   *
   * @throws InputError when the input does not match the workflow's schema or is too large: nothing is stored
   */
  start (request: StartRequest): Promise<Creation>
  /**
   * Repeats a run that is over, from its last checkpoint, as another run.
   *
   * @returns `unknown` when the engine has no such run of the tenant, `running` when it is not over
   */
  retry (runId: string, request: NewRun): Promise<Creation | 'unknown' | 'running'>
  /** Ends a run within a second, in whichever process it is executed. @returns `over` when it was over already */
  cancel (runId: string, tenant: string): Promise<'cancelling' | 'over' | 'unknown'>
  /** Goes on with every run that is not over and that no process executes. To be called at the start; the engine repeats it from time to time. */
  recover (): Promise<void>
  /** Stops all runs at their present places, so that another process goes on with them. */
  close (): Promise<void>
}

/** Refuses the input of a run. Each message is the rest of a sentence about the value at the path. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly faults: readonly Fault[]

  constructor (faults: readonly Fault[]) {
    super('The input does not match the schema of the workflow.')
    this.faults = faults
  }
}
