import { isDeepStrictEqual } from 'node:util'
import type { Creation, Engine, Json, RunRecord, RunStore, Workflow } from '@runcast/engine'
import { MAX_JSON_DEPTH } from '@runcast/protocol'
import { AccessError } from '../auth/access-error.ts'
import { EventError } from '../events/event-error.ts'
import { RunLogError, type RunLog } from '../run-log/run-log.ts'
import { nameRun } from './run-ids.ts'
import { inputRefusal, WorkflowError } from './workflow-error.ts'

/** Who asks, and under which name. */
export interface Caller {
  /** '' for none. */
  readonly tenant: string
  /** Which runs the caller may have. */
  readonly allows: (runId: string) => boolean
  /** The caller's own name of this request: repeated under it, it is carried out once. */
  readonly idempotencyKey: string | null
}

export interface StartOptions {
  /** Its name. */
  readonly workflow: string
  /** The version that was asked for; null when any was right. */
  readonly version: string | null
  readonly input: Json
  /** null for one that is made up. */
  readonly runId: string | null
}

/** A run that was taken on. */
export interface TakenOn {
  readonly runId: string
  readonly workflow: string
  readonly version: string
}

/** What the engine is asked to do with runs, for callers of any tenant. */
export interface WorkflowRuns {
  /**
   * Takes a run on.
   *
   * @throws WorkflowError `workflow_not_found`, `input_invalid`, `input_too_large`, `run_exists`; AccessError `forbidden`; RunLogError
   */
  start (options: StartOptions, caller: Caller): Promise<TakenOn>
  /**
   * Repeats a run that is over, from its last checkpoint, as a new run.
   *
   * @throws WorkflowError `run_not_of_engine`, `run_not_over`, `run_exists`; AccessError `forbidden`; RunLogError
   */
  retry (runId: string, caller: Caller): Promise<TakenOn>
  /**
   * Ends a run.
   *
   * @throws WorkflowError `run_not_of_engine`, `run_over`; RunLogError
   */
  cancel (runId: string, tenant: string): Promise<void>
}

export interface WorkflowRunsOptions {
  readonly engine: Engine
  readonly store: RunStore
  readonly log: RunLog
  readonly maxDataBytes: number
  /** The workflow of a name and version, null for any version; null when there is none. */
  readonly findWorkflow: (name: string, version: string | null) => Promise<Workflow | null>
  /** Whether an error is the engine's InputError. */
  readonly inputFaultsOf: (error: unknown) => Parameters<typeof inputRefusal>[0] | null
}

/** Makes what routes ask of the engine. */
export function createWorkflowRuns ({ engine, store, log, maxDataBytes, findWorkflow, inputFaultsOf }: WorkflowRunsOptions): WorkflowRuns {
  /** @throws RunLogError `run_not_found`, WorkflowError `run_not_of_engine` */
  async function refuseUnknown (runId: string, tenant: string): Promise<never> {
    const state = await log.readRun(runId)
    if (state === null || state.tenant !== tenant) throw new RunLogError('run_not_found', 'there is no such run for this tenant')
    throw new WorkflowError('run_not_of_engine')
  }

  /** What an id that is taken already means: the same request once more, or another one. */
  function repeated (existing: RunRecord | null, isSame: (record: RunRecord) => boolean, { tenant, idempotencyKey }: Caller): TakenOn {
    if (existing === null || existing.tenant !== tenant || idempotencyKey === null || existing.idempotencyKey !== idempotencyKey) throw new WorkflowError('run_exists')
    if (!isSame(existing)) throw keyTaken()
    return takenOn(existing)
  }

  async function begin (request: Parameters<Engine['start']>[0]): Promise<Creation> {
    try {
      return await engine.start(request)
    } catch (error) {
      const faults = inputFaultsOf(error)
      throw faults === null ? error : inputRefusal(faults)
    }
  }

  return {
    async start ({ workflow: name, version, input, runId: wanted }, caller) {
      if (isDeeper(input, MAX_JSON_DEPTH)) throw new EventError('json_too_deep', '/input', `Arrays and objects may be nested at most ${MAX_JSON_DEPTH} deep.`)
      if (Buffer.byteLength(JSON.stringify(input)) > maxDataBytes) throw new WorkflowError('input_too_large')
      const { tenant, idempotencyKey } = caller
      const runId = wanted ?? idOf(name, caller)
      if (!caller.allows(runId)) throw new AccessError('forbidden')
      const isSame = (record: RunRecord) => record.workflow === name && (version === null || record.version === version) && isDeepStrictEqual(record.input, input)
      const [existing, state] = await Promise.all([store.read(runId), log.readRun(runId)])
      if (existing !== null) return repeated(existing, isSame, caller)
      const workflow = await findWorkflow(name, version)
      if (workflow === null) throw new WorkflowError('workflow_not_found')
      if (state !== null) throw new WorkflowError('run_exists')
      const creation = await begin({ workflow, input, runId, tenant, idempotencyKey })
      if (creation === 'created') return { runId, workflow: name, version: workflow.version }
      if (creation === 'key_taken') throw keyTaken()
      return repeated(await store.read(runId), isSame, caller)
    },

    async retry (runId, caller) {
      const { tenant, idempotencyKey } = caller
      const before = await store.read(runId)
      if (before === null || before.tenant !== tenant) return refuseUnknown(runId, tenant)
      const next = idOf(before.workflow, caller)
      if (!caller.allows(next)) throw new AccessError('forbidden')
      const outcome = await engine.retry(runId, { runId: next, tenant, idempotencyKey })
      if (outcome === 'unknown') return refuseUnknown(runId, tenant)
      if (outcome === 'running') throw new WorkflowError('run_not_over')
      if (outcome === 'key_taken') throw keyTaken()
      if (outcome === 'exists') return repeated(await store.read(next), ({ retryOf }) => retryOf === runId, caller)
      return { ...takenOn(before), runId: next }
    },

    async cancel (runId, tenant) {
      const outcome = await engine.cancel(runId, tenant)
      if (outcome === 'unknown') return refuseUnknown(runId, tenant)
      if (outcome === 'over') throw new WorkflowError('run_over')
    }
  }
}

/** Whether arrays and objects nest deeper than that, which no recursion could find out. */
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

function keyTaken (): RunLogError {
  return new RunLogError('idempotency_conflict', 'the key was used for something else')
}

function takenOn ({ runId, workflow, version }: RunRecord): TakenOn {
  return { runId, workflow, version }
}
