import type { EngineOptions } from '../engine-options.ts'
import type { Json } from '../json.ts'
import { FencedError, type RunProgress, type RunRecord } from '../store/run-store.ts'
import { unlessAborted } from './abort.ts'
import { AttemptEnd, isSilent } from './attempt-end.ts'
import type { FinishedRun } from './checkpoint-values.ts'
import { executeWorkflow, workflowVariables } from './execute-workflow.ts'
import type { GuardedHttp } from './http/guarded-http.ts'
import { openJournal, RUN_KEY, type Journal } from './journal.ts'
import { TaskError, taskError, type Problem } from './problem.ts'
import { createRunEvents, type RunEvents, type RunIdentity } from './run-events.ts'
import { readSecrets } from './secrets.ts'

/** What an attempt needs of the engine. */
export interface AttemptOptions extends Omit<EngineOptions, 'leaseMs' | 'maxConcurrentRuns'> {
  readonly http: GuardedHttp
}

/** One attempt at a run. */
export interface RunAttempt {
  readonly run: RunRecord & RunProgress
  readonly token: number
  /** Aborted with an AttemptEnd when this attempt is to stop, whatever the run is doing. */
  readonly stopSignal: AbortSignal
  /** Aborted with an AttemptEnd when it is to stop, or when the run is cancelled. */
  readonly signal: AbortSignal
  readonly end: (reason: AttemptEnd) => void
}

/**
 * Executes a run from its checkpoints to its end. When it resolves, the end is stored and published.
 *
 * @throws AttemptEnd when the attempt stops before the run is over: `stopped`, `fenced` or `broken`
 */
export async function executeRun (options: AttemptOptions, attempt: RunAttempt): Promise<void> {
  const { run, token, stopSignal } = attempt
  const { store, publisherOf, logger, environment, maxDataBytes } = options
  const unlessStopped = <T>(promise: Promise<T>) => unlessAborted(stopSignal, promise.catch((error: unknown) => { throw attemptEnd(attempt, error) }))

  const journal = await unlessStopped(openJournal({ store, maxDataBytes, report: (error) => attemptEnd(attempt, error) }, run, token))
  const startedAt = await unlessStopped(journal.startedAt(RUN_KEY, true))
  const secrets = secretsOf(run, environment)
  const events = createRunEvents(publisherOf(run.tenant), identityOf(run), token, secrets.values, logger)
  announce(run, journal, events)
  const finished = journal.finishedRun ?? await unlessStopped(execute())
  await unlessStopped(events.end(finished))
  await unlessStopped(store.finish(run.runId, token))

  async function execute (): Promise<FinishedRun> {
    const outcome = await outcomeOf(options, attempt, async () => {
      if (secrets.error !== null) throw secrets.error
      const { runId, definition } = run
      const variables = workflowVariables(run, startedAt, secrets.values)
      return await executeWorkflow({ ...options, runId, token, definition, variables, secrets: secrets.values, events, journal, signal: attempt.signal, background: new Set() }, run.input, startedAt)
    })
    const ended: FinishedRun = { kind: 'run', token, durationMs: Date.now() - startedAt, ...outcome }
    await journal.save(RUN_KEY, ended)
    return ended
  }
}

/** What a run is to its events. */
export function identityOf ({ runId, workflow, version, definition, retryOf }: RunRecord): RunIdentity {
  return { runId, name: definition.document.title ?? workflow, workflow, version, retryOf }
}

/** Says that the run begins, or goes on in another process. */
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

/** How the run ends. @throws AttemptEnd */
async function outcomeOf ({ logger }: AttemptOptions, { run, signal }: RunAttempt, execute: () => Promise<Json>): Promise<Pick<FinishedRun, 'status' | 'output' | 'error'>> {
  const failed = (error: Problem) => ({ status: 'failed', output: null, error } as const)
  if (run.isCancelled) return { status: 'cancelled', output: null, error: null }
  try {
    return { status: 'succeeded', output: await execute(), error: null }
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    if (isSilent(reason)) throw reason
    if (reason instanceof AttemptEnd) return { status: 'cancelled', output: null, error: null }
    if (reason instanceof TaskError) return failed(reason.problem)
    logger.error({ err: reason, run_id: run.runId }, 'a run failed for a reason that was not foreseen')
    return failed(taskError('runtime', 'The engine could not execute the run: its log says why.').problem)
  }
}

/** Ends the attempt, as the store does not take what it has to. */
function attemptEnd ({ end }: RunAttempt, error: unknown): Error {
  if (error instanceof AttemptEnd) return error
  const reason = new AttemptEnd(error instanceof FencedError ? 'fenced' : 'broken', { cause: error })
  end(reason)
  return reason
}
