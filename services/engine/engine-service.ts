import type { Engine, Evaluator, WorkflowDirectory } from '@runcast/engine'
import type { Logger } from '../logging/logger.ts'
import { UnavailableError } from '../problems/storage-errors.ts'
import type { RunLog } from '../run-log/run-log.ts'
import type { Publishers } from './publishers.ts'
import type { ServiceRunStore } from './run-store/service-run-store.ts'
import { createWorkflowRuns, type WorkflowRuns } from './workflow-runs.ts'

export interface EngineServiceOptions {
  readonly store: ServiceRunStore
  readonly log: RunLog
  readonly publishers: Publishers
  readonly logger: Logger
  readonly workflowsDirectory: string
  readonly environment: { readonly [name: string]: string | undefined }
  readonly allowProcesses: boolean
  readonly allowedHosts: readonly string[]
  readonly maxDataBytes: number
  readonly expressionDeadlineMs: number
  readonly leaseMs: number
  readonly maxConcurrentRuns: number
}

/** The loaded engine and its parts. */
interface Parts {
  readonly engine: Engine
  readonly evaluator: Evaluator
  readonly directory: WorkflowDirectory
  readonly runs: WorkflowRuns
}

/**
 * The workflow engine of this process. It is loaded by its first use: a service without workflows pays nothing for it.
 */
export interface EngineService {
  /** Gives the deployed workflows. */
  directory (): Promise<WorkflowDirectory>
  /** Gives the operations on runs. */
  runs (): Promise<WorkflowRuns>
  /** Executes unfinished runs that no process executes, now and from time to time until `close`. */
  watch (): void
  /**
   * Interrupts the runs, and resolves when their events are stored. After `timeoutMs` the events that are not stored
   * fail. The store is not opened any more.
   */
  close (timeoutMs: number): Promise<void>
}

/** Makes the engine service. It loads and opens nothing yet. */
export function createEngineService (options: EngineServiceOptions): EngineService {
  const { store, logger, publishers } = options
  let loading: Promise<Parts> | null = null
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()
  let isClosed = false

  /** @throws UnavailableError once it is closed */
  async function parts (): Promise<Parts> {
    if (isClosed && loading === null) throw new UnavailableError('The engine is closed.')
    loading ??= load(options).catch((error: unknown) => {
      loading = null
      throw error
    })
    return await loading
  }

  async function look (): Promise<void> {
    try {
      await store.open()
      if (loading === null && (await store.unfinished()).length > 0 && !isClosed) await (await parts()).engine.recover()
    } catch (error) {
      if (!isClosed) logger.warn({ err: error }, 'unfinished workflow runs could not be looked for')
    }
    // A loaded engine looks for unfinished runs itself.
    if (!isClosed && loading === null) timer = setTimeout(() => { looking = look() }, options.leaseMs).unref()
  }

  return {
    directory: async () => (await parts()).directory,
    runs: async () => (await parts()).runs,
    watch () {
      if (!isClosed) looking = look()
    },
    async close (timeoutMs) {
      isClosed = true
      clearTimeout(timer)
      const loaded = await loading?.catch(() => null) ?? null
      await loaded?.engine.close()
      await looking
      await loaded?.directory.close()
      await loaded?.evaluator.close()
      await publishers.close(timeoutMs)
    }
  }
}

async function load (options: EngineServiceOptions): Promise<Parts> {
  const { createEngine, createEvaluator, createWorkflowDirectory, InputError } = await import('@runcast/engine')
  const { store, log, maxDataBytes } = options
  await store.open()
  const evaluator = createEvaluator({ deadlineMs: options.expressionDeadlineMs, maxOutputBytes: maxDataBytes })
  const directory = createWorkflowDirectory({ directory: options.workflowsDirectory, evaluator, logger: options.logger })
  const engine = createEngine({
    store,
    evaluator,
    publisherOf: (tenant) => options.publishers.of(tenant),
    environment: options.environment,
    allowProcesses: options.allowProcesses,
    allowedHosts: options.allowedHosts,
    logger: options.logger,
    maxDataBytes,
    leaseMs: options.leaseMs,
    maxConcurrentRuns: options.maxConcurrentRuns
  })
  const inputFaultsOf = (error: unknown) => error instanceof InputError ? error.faults : null
  return { engine, evaluator, directory, runs: createWorkflowRuns({ engine, store, log, maxDataBytes, findWorkflow: (name, version) => directory.find(name, version), inputFaultsOf }) }
}
