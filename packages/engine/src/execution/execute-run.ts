import type { EngineOptions } from '../engine-options.ts'
import type { Json } from '../json.ts'
import { FencedError, type RunProgress, type RunRecord } from '../store/run-store.ts'
import { unlessAborted } from './abort.ts'
import type { FinishedRun } from './checkpoint-values.ts'
import { executeWorkflow, workflowVariables } from './execute-workflow.ts'
import type { GuardedHttp } from './http/guarded-http.ts'
import { Interruption, isHandedOver } from './interruption.ts'
import { openJournal, RUN_KEY, type Journal } from './journal.ts'
import { TaskError, taskError, type Problem } from './problem.ts'
import { createRunEvents, type RunEvents, type RunIdentity } from './run-events.ts'
import { readSecrets } from './secrets.ts'

/** The parts of the engine that executing a run needs. */
export interface ExecutionOptions extends Omit<EngineOptions, 'leaseMs' | 'maxConcurrentRuns'> {
  readonly http: GuardedHttp
}

/** A run that this process has claimed. */
export interface ClaimedRun {
  readonly run: RunRecord & RunProgress
  /** The fencing token of the claim. */
  readonly token: number
  /** Aborted with an Interruption when this process has to stop, whatever the run is doing. */
  readonly stopSignal: AbortSignal
  /** Aborted with an Interruption when this process has to stop, or when the run is cancelled. */
  readonly signal: AbortSignal
  readonly interrupt: (reason: Interruption) => void
}

/**
 * Executes a run from its checkpoints to its end. When it resolves, the end is stored and published.
 *
 * @throws Interruption `stopped`, `fenced` or `broken` when the run is not over yet
 */
export async function executeRun (options: ExecutionOptions, claimed: ClaimedRun): Promise<void> {
  const { run, token, stopSignal } = claimed
  const { store, publisherOf, logger, environment, maxDataBytes } = options
  const unlessStopped = <T>(promise: Promise<T>) => unlessAborted(stopSignal, promise.catch((error: unknown) => { throw interruptionBy(claimed, error) }))

  const journal = await unlessStopped(openJournal({ store, maxDataBytes, onFailure: (error) => interruptionBy(claimed, error) }, run, token))
  const startedAt = await unlessStopped(journal.startedAt(RUN_KEY, true))
  const secrets = secretsOf(run, environment)
  const events = createRunEvents(publisherOf(run.tenant), identityOf(run), token, secrets.values, logger)
  announce(run, journal, events)
  const finished = journal.finishedRun ?? await unlessStopped(execute())
  await unlessStopped(events.end(finished))
  await unlessStopped(store.finish(run.runId, token))

  async function execute (): Promise<FinishedRun> {
    const outcome = await outcomeOf(options, claimed, async () => {
      if (secrets.error !== null) throw secrets.error
      const { runId, definition } = run
      const variables = workflowVariables(run, startedAt, secrets.values)
      return await executeWorkflow({ ...options, runId, token, definition, variables, secrets: secrets.values, events, journal, signal: claimed.signal, background: new Set() }, run.input, startedAt)
    })
    const ended: FinishedRun = { kind: 'run', token, durationMs: Date.now() - startedAt, ...outcome }
    await journal.save(RUN_KEY, ended)
    return ended
  }
}

/** Gives the fields by which the events of a run name it. */
export function identityOf ({ runId, workflow, version, definition, retryOf }: RunRecord): RunIdentity {
  return { runId, name: definition.document.title ?? workflow, workflow, version, retryOf }
}

/** Publishes that the run begins, or goes on in another process. */
function announce (run: RunRecord, { hasBegun, takenOver }: Journal, events: RunEvents): void {
  events.pending().catch(() => {})
  events.running()
  if (run.retryOf !== null && takenOver.length > 0) events.takenOver(takenOver, run.retryOf)
  if (hasBegun) events.log('info', 'The run goes on from its last checkpoint.')
}

interface Secrets {
  readonly values: ReturnType<typeof readSecrets>
  readonly error: Error | null
}

function secretsOf ({ definition }: RunRecord, environment: EngineOptions['environment']): Secrets {
  try {
    return { values: readSecrets(definition.use?.secrets ?? [], environment), error: null }
  } catch (error) {
    if (!(error instanceof TaskError)) throw error
    return { values: {}, error }
  }
}

/** Executes the run to its end, and says how it ended. @throws Interruption */
async function outcomeOf ({ logger }: ExecutionOptions, { run, signal }: ClaimedRun, execute: () => Promise<Json>): Promise<Pick<FinishedRun, 'status' | 'output' | 'error'>> {
  const failed = (error: Problem) => ({ status: 'failed', output: null, error } as const)
  if (run.isCancelled) return { status: 'cancelled', output: null, error: null }
  try {
    return { status: 'succeeded', output: await execute(), error: null }
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    if (isHandedOver(reason)) throw reason
    if (reason instanceof Interruption) return { status: 'cancelled', output: null, error: null }
    if (reason instanceof TaskError) return failed(reason.problem)
    logger.error({ err: reason, run_id: run.runId }, 'a run failed for a reason that was not foreseen')
    return failed(taskError('runtime', 'The engine could not execute the run: its log says why.').problem)
  }
}

/** Interrupts the run because of an error of the store. */
function interruptionBy ({ interrupt }: ClaimedRun, error: unknown): Interruption {
  if (error instanceof Interruption) return error
  const reason = new Interruption(error instanceof FencedError ? 'fenced' : 'broken', { cause: error })
  interrupt(reason)
  return reason
}
