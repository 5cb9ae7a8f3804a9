import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { InputError, type Engine, type EngineOptions } from './engine-options.ts'
import { identityOf } from './execution/execute-run.ts'
import { createGuardedHttp } from './execution/http/guarded-http.ts'
import { executeLeased, type LeasedRun } from './execution/leased-run.ts'
import { createRunEvents } from './execution/run-events.ts'
import { schemaFaults } from './execution/schema.ts'
import { jsonBytes, sizeFault } from './execution/sizes.ts'
import type { JsonObject } from './json.ts'
import type { Creation, RunRecord } from './store/run-store.ts'

/** The longest time that the start of a run waits for its first event, in milliseconds. The run is stored before. */
const ANNOUNCE_MS = 1_000

/** Makes an engine. Runs from before are executed when `recover` is called. */
export function createEngine (options: EngineOptions): Engine {
  const { store, leaseMs, maxConcurrentRuns, logger } = options
  const http = createGuardedHttp(options.allowedHosts)
  const holder = randomUUID()
  /** The runs that wait for their turn, in the order of their arrival. */
  const waiting = new Set<string>()
  const running = new Map<string, LeasedRun>()
  let isClosed = false

  function enqueue (runId: string): void {
    if (!running.has(runId)) waiting.add(runId)
    executeNext()
  }

  function executeNext (): void {
    for (const runId of waiting) {
      if (isClosed || running.size >= maxConcurrentRuns) return
      execute(runId)
    }
  }

  function execute (runId: string): void {
    waiting.delete(runId)
    const leased = executeLeased({ ...options, http }, runId, holder, leaseMs)
    running.set(runId, leased)
    leased.done.then(() => {
      running.delete(runId)
      executeNext()
    }).catch((error: unknown) => logger.error({ err: error, run_id: runId }, 'the next run could not be started'))
  }

  async function create (run: RunRecord): Promise<Creation> {
    const creation = await store.create(run)
    if (creation !== 'created') return creation
    const events = createRunEvents(options.publisherOf(run.tenant), identityOf(run), 0, {}, logger)
    await Promise.race([events.pending(), delay(ANNOUNCE_MS, undefined, { ref: false })])
    enqueue(run.runId)
    return creation
  }

  async function recover (): Promise<void> {
    for (const runId of await store.unfinished()) enqueue(runId)
  }

  const timer = setInterval(() => {
    recover().catch((error: unknown) => logger.error({ err: error }, 'the runs that are not over could not be read'))
  }, leaseMs)
  timer.unref()

  return {
    async start ({ workflow, input, ...request }) {
      const { name, version, definition } = workflow
      checkInput(input, workflow.inputSchema, options.maxDataBytes)
      return await create({ ...request, workflow: name, version, definition, input, retryOf: null, createdAt: Date.now() })
    },
    async retry (runId, request) {
      const run = await store.read(runId)
      if (run === null || run.tenant !== request.tenant) return 'unknown'
      if (!run.isOver) return 'running'
      const { workflow, version, definition, input } = run
      return await create({ ...request, workflow, version, definition, input, retryOf: runId, createdAt: Date.now() })
    },
    async cancel (runId, tenant) {
      const run = await store.read(runId)
      if (run === null || run.tenant !== tenant) return 'unknown'
      if (!await store.cancel(runId)) return 'over'
      const here = running.get(runId)
      // A run that waits for its turn is ended out of turn.
      if (here === undefined && !isClosed) execute(runId)
      here?.cancel()
      return 'cancelling'
    },
    recover,
    async close () {
      isClosed = true
      clearInterval(timer)
      waiting.clear()
      const leased = [...running.values()]
      for (const run of leased) run.stop()
      await Promise.all(leased.map(({ done }) => done))
      await http.close()
    }
  }
}

/** @throws InputError */
function checkInput (input: RunRecord['input'], schema: JsonObject | boolean | null, maxBytes: number): void {
  const bytes = jsonBytes(input)
  if (bytes > maxBytes) throw new InputError([{ path: '', message: sizeFault(maxBytes, bytes) }])
  const faults = schema === null ? [] : schemaFaults(schema, input)
  if (faults.length > 0) throw new InputError(faults)
}
