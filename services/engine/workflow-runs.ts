import { isDeepStrictEqual } from 'node:util'
import type { Creation, Engine, InputError, Json, RunRecord, RunStore, Workflow } from '@runcast/engine'
import { MAX_JSON_DEPTH } from '@runcast/protocol'
import { ForbiddenRunError } from '../auth/errors.ts'
import { JsonTooDeepError } from '../events/errors.ts'
import { IdempotencyConflictError, RunNotFoundError } from '../run-log/errors.ts'
import type { RunLog } from '../run-log/run-log.ts'
import { InputInvalidError, InputTooLargeError, RunExistsError, RunNotOfEngineError, RunNotOverError, RunOverError, WorkflowNotFoundError } from './errors.ts'
import { nameRun } from './run-ids.ts'

/** The caller of a request. */
export interface Caller {
  /** '' without a tenant. */
  readonly tenant: string
  /** True for the runs that the caller may have. */
  readonly allows: (runId: string) => boolean
  /** The caller's own name of this request. Repeated under the same key, the request is carried out once. */
  readonly idempotencyKey: string | null
}

export interface StartOptions {
  /** The name of the workflow. */
  readonly workflow: string
  /** The version to execute; null for any. */
  readonly version: string | null
  readonly input: Json
  /** null for a generated id. */
  readonly runId: string | null
}

/** A run that the engine has accepted. */
export interface AcceptedRun {
  readonly runId: string
  readonly workflow: string
  readonly version: string
}

/** The operations on runs, for callers of any tenant. */
export interface WorkflowRuns {
  /**
   * Accepts a new run.
   *
   * @throws WorkflowNotFoundError, InputInvalidError, InputTooLargeError, JsonTooDeepError, RunExistsError, IdempotencyConflictError, ForbiddenRunError; the faults of the store
   */
  start (options: StartOptions, caller: Caller): Promise<AcceptedRun>
  /**
   * Repeats a run that is over, from its last checkpoint, as a new run.
   *
   * @throws RunNotFoundError, RunNotOfEngineError, RunNotOverError, RunExistsError, IdempotencyConflictError, ForbiddenRunError; the faults of the store
   */
  retry (runId: string, caller: Caller): Promise<AcceptedRun>
  /**
   * Ends a run.
   *
   * @throws RunNotFoundError, RunNotOfEngineError, RunOverError; the faults of the store
   */
  cancel (runId: string, tenant: string): Promise<void>
}

export interface WorkflowRunsOptions {
  readonly engine: Engine
  readonly store: RunStore
  readonly log: RunLog
  readonly maxDataBytes: number
  /** Finds a workflow by name and version, null standing for any version. Gives null if there is none. */
  readonly findWorkflow: (name: string, version: string | null) => Promise<Workflow | null>
  /** Gives the faults of the engine's InputError; null for any other error. */
  readonly inputFaultsOf: (error: unknown) => InputError['faults'] | null
}

/** Makes the operations on the runs of an engine. */
export function createWorkflowRuns ({ engine, store, log, maxDataBytes, findWorkflow, inputFaultsOf }: WorkflowRunsOptions): WorkflowRuns {
  /** @throws RunNotFoundError, RunNotOfEngineError */
  async function refuseUnknown (runId: string, tenant: string): Promise<never> {
    const state = await log.readRun(runId)
    if (state === null || state.tenant !== tenant) throw new RunNotFoundError()
    throw new RunNotOfEngineError()
  }

  /** Answers a request whose run id is taken: with the existing run if the request is a repetition, else with a fault. */
  function repeated (existing: RunRecord | null, isSame: (record: RunRecord) => boolean, { tenant, idempotencyKey }: Caller): AcceptedRun {
    if (existing === null || existing.tenant !== tenant || idempotencyKey === null || existing.idempotencyKey !== idempotencyKey) throw new RunExistsError()
    if (!isSame(existing)) throw new IdempotencyConflictError()
    return acceptedRun(existing)
  }

  async function begin (request: Parameters<Engine['start']>[0]): Promise<Creation> {
    try {
      return await engine.start(request)
    } catch (error) {
      const faults = inputFaultsOf(error)
      throw faults === null ? error : new InputInvalidError(faults)
    }
  }

  return {
    async start ({ workflow: name, version, input, runId: wanted }, caller) {
      if (isDeeper(input, MAX_JSON_DEPTH)) throw new JsonTooDeepError().at('body', '/input')
      if (Buffer.byteLength(JSON.stringify(input)) > maxDataBytes) throw new InputTooLargeError()
      const { tenant, idempotencyKey } = caller
      const runId = wanted ?? idOf(name, caller)
      if (!caller.allows(runId)) throw new ForbiddenRunError()
      const isSame = (record: RunRecord) => record.workflow === name && (version === null || record.version === version) && isDeepStrictEqual(record.input, input)
      const [existing, state] = await Promise.all([store.read(runId), log.readRun(runId)])
      if (existing !== null) return repeated(existing, isSame, caller)
      const workflow = await findWorkflow(name, version)
      if (workflow === null) throw new WorkflowNotFoundError()
      if (state !== null) throw new RunExistsError()
      const creation = await begin({ workflow, input, runId, tenant, idempotencyKey })
      if (creation === 'created') return { runId, workflow: name, version: workflow.version }
      if (creation === 'key_taken') throw new IdempotencyConflictError()
      return repeated(await store.read(runId), isSame, caller)
    },

    async retry (runId, caller) {
      const { tenant, idempotencyKey } = caller
      const before = await store.read(runId)
      if (before === null || before.tenant !== tenant) return refuseUnknown(runId, tenant)
      const next = idOf(before.workflow, caller)
      if (!caller.allows(next)) throw new ForbiddenRunError()
      const outcome = await engine.retry(runId, { runId: next, tenant, idempotencyKey })
      if (outcome === 'unknown') return refuseUnknown(runId, tenant)
      if (outcome === 'running') throw new RunNotOverError()
      if (outcome === 'key_taken') throw new IdempotencyConflictError()
      if (outcome === 'exists') return repeated(await store.read(next), ({ retryOf }) => retryOf === runId, caller)
      return { ...acceptedRun(before), runId: next }
    },

    async cancel (runId, tenant) {
      const outcome = await engine.cancel(runId, tenant)
      if (outcome === 'unknown') return refuseUnknown(runId, tenant)
      if (outcome === 'over') throw new RunOverError()
    }
  }
}

/** True if arrays and objects nest deeper than `most`. It does not recurse, so no depth overflows the stack. */
function isDeeper (value: unknown, most: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth < most && level.length > 0; depth++) {
    level = level.flatMap((parent) => typeof parent === 'object' && parent !== null ? Object.values(parent) : [])
      .filter((child) => typeof child === 'object' && child !== null)
  }
  return level.length > 0
}

function idOf (workflow: string, { tenant, idempotencyKey }: Caller): string {
  return nameRun(workflow, idempotencyKey === null ? null : [tenant, idempotencyKey])
}

function acceptedRun ({ runId, workflow, version }: RunRecord): AcceptedRun {
  return { runId, workflow, version }
}
