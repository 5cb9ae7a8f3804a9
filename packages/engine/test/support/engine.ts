import { createPublisher } from '@runcast/client'
import type { Test } from 'tap'
import { parse } from 'yaml'
import type { WorkflowDefinition } from '../../src/definition/dsl.ts'
import type { Workflow } from '../../src/definition/workflow.ts'
import type { Engine, EngineOptions } from '../../src/engine-options.ts'
import { createEngine } from '../../src/engine.ts'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'
import { isJsonObject, type Json } from '../../src/json.ts'
import { startEventService, type EventService, type RunEvent } from './event-service.ts'
import { createMemoryRunStore, type MemoryRunStore } from './memory-run-store.ts'
import { waitUntil } from './wait-until.ts'

export type { RunEvent }

/** The end of a run. */
export interface EndedRun {
  readonly runId: string
  readonly status: string
  readonly output: Json | undefined
  readonly error: { readonly [field: string]: Json } | undefined
  readonly events: readonly RunEvent[]
}

/** An engine that publishes to a service of the test. */
export interface TestEngine {
  readonly engine: Engine
  readonly store: MemoryRunStore
  readonly service: EventService
  /** The warnings and errors in the log. */
  readonly complaints: string[]
  /** Starts a run. @returns its id */
  start (workflow: Workflow, input?: Json): Promise<string>
  /** Waits for the end of a run. */
  ended (runId: string): Promise<EndedRun>
  /** Starts a run and waits for its end. */
  run (workflow: Workflow, input?: Json): Promise<EndedRun>
  /** Lists the events of a run so far. */
  events (runId: string): RunEvent[]
  /** Closes the engine. Events that it has not published yet are lost. */
  leave (): Promise<void>
}

let runs = 0

/** Starts an engine until the end of the test. @param shared the store and the service of another engine, to be used as well */
export async function startEngine (t: Test, options: Partial<EngineOptions> = {}, shared?: Pick<TestEngine, 'store' | 'service'>): Promise<TestEngine> {
  const service = shared?.service ?? await startEventService(t)
  const store = shared?.store ?? createMemoryRunStore()
  const evaluator = createEvaluator({ deadlineMs: 10_000, maxOutputBytes: 4_194_304 })
  const publisher = createPublisher({ url: service.url, batchDelayMs: 5, onError: () => {} })
  const complaints: string[] = []
  const complain = (fields: object, message: string) => { complaints.push(`${message} ${Object.values(fields).map(String).join(' ')}`) }
  const engine = createEngine({
    store,
    evaluator,
    publisherOf: () => publisher,
    environment: process.env,
    allowProcesses: true,
    allowedHosts: ['127.0.0.1'],
    logger: { info () {}, warn: complain, error: complain },
    maxDataBytes: 1_048_576,
    leaseMs: 2_000,
    maxConcurrentRuns: 10,
    ...options
  })
  const leave = async () => {
    await engine.close()
    await publisher.close({ timeoutMs: 0 })
    await evaluator.close()
  }
  t.teardown(leave)

  const { events } = service
  async function start (workflow: Workflow, input: Json = {}): Promise<string> {
    const runId = `run-${process.pid}-${runs += 1}`
    if (await engine.start({ workflow, input, runId, tenant: '', idempotencyKey: null }) !== 'created') throw new Error('there is such a run already')
    return runId
  }
  async function ended (runId: string): Promise<EndedRun> {
    await waitUntil(`run ${runId} is over`, async () => (await store.read(runId))?.isOver === true)
    const all = events(runId)
    const end = all.filter(({ type, data }) => type === 'status_change' && data['step'] === undefined).at(-1)?.data ?? {}
    const result = all.find(({ type, data }) => type === 'result_preview' && data['step'] === undefined)
    const { error } = end
    return {
      runId,
      status: String(end['status']),
      output: result?.data['content'],
      error: isJsonObject(error) ? error : undefined,
      events: all
    }
  }
  return { engine, store, service, complaints, start, ended, run: async (workflow, input) => await ended(await start(workflow, input)), events, leave }
}

/** Makes a workflow of tasks, or of the parts after `document`, in YAML. It is not checked. */
export function workflow (text: string): Workflow {
  const body: Partial<WorkflowDefinition> = parse(text.trimStart().startsWith('- ') ? `do:\n${text}` : text)
  const definition: WorkflowDefinition = { document: { dsl: '1.0.3', namespace: 'test', name: 'example', version: '1.0.0' }, do: [], ...body }
  const { namespace, name, version, title = null, summary = null } = definition.document
  return { name, version, namespace, title, summary, inputSchema: definition.input?.schema?.document ?? null, definition }
}

/** Lists the statuses of a run. */
export function statuses (events: readonly RunEvent[]): string[] {
  return events.filter(({ type, data }) => type === 'status_change' && data['step'] === undefined).map(({ data }) => String(data['status']))
}

/** Lists the ends of tasks, such as `/do/0/greet succeeded`, in their order. */
export function ends (events: readonly RunEvent[]): string[] {
  return events
    .filter(({ type, data }) => type === 'status_change' && data['step'] !== undefined && data['status'] !== 'running')
    .map(({ data }) => `${String(data['step'])} ${String(data['status'])}`)
}

/** Lists the messages of log events. */
export function logLines (events: readonly RunEvent[], stream?: string): string[] {
  return events.filter(({ type, data }) => type === 'log' && (stream === undefined || data['stream'] === stream)).map(({ data }) => String(data['message']))
}
