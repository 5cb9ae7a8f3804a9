import type { WorkflowDefinition } from '../definition/dsl.ts'
import type { Json } from '../json.ts'

/** The record of a run, which never changes. */
export interface RunRecord {
  readonly runId: string
  /** The owner of the run; '' for no tenant. */
  readonly tenant: string
  readonly workflow: string
  readonly version: string
  /** The definition at the start of the run: a file that changes later does not change the run. */
  readonly definition: WorkflowDefinition
  readonly input: Json
  /** The run that this one repeats from its last checkpoint. */
  readonly retryOf: string | null
  /** The idempotency key of the request that started the run. */
  readonly idempotencyKey: string | null
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** A stored value that the rest of a run needs, such as the output of a finished task. */
export interface Checkpoint {
  /** Names one execution of a task: its JSON pointer in the definition, with the rounds and attempts around it. */
  readonly key: string
  /** Only the engine knows its shape. */
  readonly value: Json
}

/** The state of a run, beside its record. */
export interface RunProgress {
  readonly isOver: boolean
  /** True when somebody asked for the end of the run. */
  readonly isCancelled: boolean
}

/** The result of a creation. `exists`: there is such a run already. `key_taken`: another run has its idempotency key. Either changes nothing. */
export type Creation = 'created' | 'exists' | 'key_taken'

/** Thrown when another process has claimed the run: this one stops at once and publishes nothing more about it. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
}

/**
 * Keeps the runs of the engine across restarts. Every promise resolves when the change is durable.
 *
 * A claim lets one process execute a run, until its lease ends. Each claim has a fencing token, which is greater than
 * the tokens of all claims before. A process that lost its lease without noticing is stopped by its token.
 */
export interface RunStore {
  create (run: RunRecord): Promise<Creation>
  /** @returns null when there is no such run */
  read (runId: string): Promise<(RunRecord & RunProgress) | null>
  /**
   * Claims a run, for `leaseMs` unless renewed.
   *
   * @returns the fencing token; null when the run is over, unknown, or leased to another holder
   */
  claim (runId: string, holder: string, leaseMs: number): Promise<number | null>
  /** Renews the lease. @returns true when somebody asked for the end of the run. @throws FencedError when another process has claimed it */
  renew (runId: string, token: number, leaseMs: number): Promise<boolean>
  /** Adds checkpoints, all or none. The checkpoint of a key that exists is replaced. @throws FencedError */
  save (runId: string, token: number, checkpoints: readonly Checkpoint[]): Promise<void>
  /** Reads all checkpoints of a run, in the order in which their keys were first saved. */
  checkpoints (runId: string): Promise<readonly Checkpoint[]>
  /** Ends the run. Its record and checkpoints are kept for a retry, as long as its log is. @throws FencedError */
  finish (runId: string, token: number): Promise<void>
  /** Marks a run for its end. @returns false when it is over or unknown */
  cancel (runId: string): Promise<boolean>
  /** Gives up the lease, so that another process can go on at once. */
  release (runId: string, token: number): Promise<void>
  /** Lists the ids of the runs that are not over, the oldest first. */
  unfinished (): Promise<readonly string[]>
}
