import type { WorkflowDefinition } from '../definition/dsl.ts'
import type { Json } from '../json.ts'

/** What a run was started with. It never changes. */
export interface RunRecord {
  readonly runId: string
  /** Whose run it is; '' for no tenant. */
  readonly tenant: string
  readonly workflow: string
  readonly version: string
  /** As it was when the run was started: a file that changes later does not change the run. */
  readonly definition: WorkflowDefinition
  readonly input: Json
  /** The run that this one repeats from its last checkpoint. */
  readonly retryOf: string | null
  /** The name that its starter gave to the request for it. */
  readonly idempotencyKey: string | null
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** What one finished task has left behind. */
export interface Checkpoint {
  /** Which execution of which task: its JSON pointer in the definition, with the rounds of loops and attempts it is in. */
  readonly key: string
  /** What executing the rest needs; the executor alone knows its shape. */
  readonly value: Json
}

/** Where a run stands, beside its record. */
export interface RunProgress {
  readonly isOver: boolean
  /** Whether somebody asked for its end. */
  readonly isCancelled: boolean
}

/** `exists`: there is such a run already. `key_taken`: another run was started under its idempotency key. Either changes nothing. */
export type Creation = 'created' | 'exists' | 'key_taken'

/** Thrown when another attempt has taken a run over: whoever meets it stops at once and says nothing more about the run. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
}

/**
 * Keeps what must survive of the runs of the engine. Every promise resolves when it is durable.
 *
 * An attempt is the time for which one process executes a run. It has a fencing token, greater than those of all attempts before.
 */
export interface RunStore {
  create (run: RunRecord): Promise<Creation>
  /** @returns null when there is no such run */
  read (runId: string): Promise<(RunRecord & RunProgress) | null>
  /**
   * Begins an attempt, for `leaseMs` unless renewed.
   *
   * @returns its fencing token; null when the run is over, unknown, or the attempt of another holder still has its lease
   */
  claim (runId: string, holder: string, leaseMs: number): Promise<number | null>
  /** @returns whether somebody asked for the end of the run. @throws FencedError when another attempt has begun */
  renew (runId: string, token: number, leaseMs: number): Promise<boolean>
  /** Adds checkpoints, all or none. A key that is there already is replaced. @throws FencedError */
  save (runId: string, token: number, checkpoints: readonly Checkpoint[]): Promise<void>
  /** All checkpoints of a run, in the order in which their keys were first saved. */
  checkpoints (runId: string): Promise<readonly Checkpoint[]>
  /** Ends the run. Record and checkpoints are kept as long as its log is, for a retry. @throws FencedError */
  finish (runId: string, token: number): Promise<void>
  /** Notes that the run is to end. @returns false when it is over or unknown */
  cancel (runId: string): Promise<boolean>
  /** Gives the lease up, so that another process may go on at once. */
  release (runId: string, token: number): Promise<void>
  /** The ids of runs that are not over, the oldest first. */
  unfinished (): Promise<readonly string[]>
}
