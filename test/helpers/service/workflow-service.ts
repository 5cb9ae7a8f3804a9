import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Problem } from '../../../schemas/problem.ts'
import type { Run } from '../../../schemas/runs.ts'
import type { StartedRun } from '../../../schemas/workflows.ts'
import { waitUntil } from '../wait-until.ts'
import { buildApp, temporaryDirectory, type App } from './app.ts'
import { token } from './tokens.ts'

export const RUNS = '/api/v1/workflow-runs'

/** Steps of a definition. */
export type Steps = ReadonlyArray<Readonly<Record<string, unknown>>>

/** A definition of the DSL. */
export function workflow (name: string, steps: Steps, more: Readonly<Record<string, unknown>> = {}, version = '1.0.0'): object {
  return { document: { dsl: '1.0.0', namespace: 'test', name, version, title: `The ${name}` }, ...more, do: steps }
}

/** A text that is an expression. */
export function jq (program: string): string {
  return `\${ ${program} }`
}

/** An input schema with a required text `name` and an optional number `count`. */
export const NAMED = {
  input: { schema: { format: 'json', document: { type: 'object', properties: { name: { type: 'string', minLength: 2 }, count: { type: 'integer', maximum: 5 } }, required: ['name'], additionalProperties: false } } }
}

/** Writes definitions into a directory, each into a file of its name, and text as it is. */
export async function deploy (directory: string, files: Readonly<Record<string, object | string>>): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const [file, content] of Object.entries(files)) await writeFile(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content))
}

/** The service with workflows, and the calls that tests make. */
export interface WorkflowApp extends App {
  readonly workflowsDirectory: string
  /** Sends JSON with claims beside the usual ones, and headers. */
  post (path: string, body?: unknown, options?: { claims?: Record<string, unknown>, headers?: Record<string, string> }): Promise<Response>
  /** Starts a run that must be taken on. */
  start (body: object, options?: Parameters<WorkflowApp['post']>[2]): Promise<StartedRun>
  readRun (runId: string, claims?: Record<string, unknown>): Promise<Run>
  /** Waits until a run is over. */
  finished (runId: string, claims?: Record<string, unknown>): Promise<Run>
  /** Waits until a step of a run has a status. */
  stepIs (runId: string, step: string, status: string): Promise<void>
}

/** Starts the service with definitions, by their file names. */
export async function buildWorkflowApp (t: Test, files: Readonly<Record<string, object | string>>, settings: Record<string, string> = {}): Promise<WorkflowApp> {
  const workflowsDirectory = settings['WORKFLOWS_DIR'] ?? await temporaryDirectory(t)
  await deploy(workflowsDirectory, files)
  const app = await buildApp(t, { WORKFLOWS_DIR: workflowsDirectory, ...settings })

  const post: WorkflowApp['post'] = (path, body, { claims = {}, headers = {} } = {}) => app.call(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token(claims)}`, ...body === undefined ? {} : { 'content-type': 'application/json' }, ...headers },
    ...body === undefined ? {} : { body: JSON.stringify(body) }
  })
  const readRun: WorkflowApp['readRun'] = async (runId, claims = {}) => {
    return await (await app.call(`${RUNS}/${runId}`, { headers: { authorization: `Bearer ${token(claims)}` } })).json() as Run
  }
  return {
    ...app,
    workflowsDirectory,
    post,
    readRun,
    async start (body, options) {
      const response = await post(RUNS, body, options)
      if (response.status !== 202) throw new Error(`not started: ${await response.text()}`)
      return await response.json() as StartedRun
    },
    async finished (runId, claims) {
      await waitUntil(`${runId} is over`, async () => (await readRun(runId, claims)).terminal)
      return await readRun(runId, claims)
    },
    async stepIs (runId, step, status) {
      const isSo = async () => (await readRun(runId)).steps?.some((one) => one.step === step && one.status === status) === true
      await waitUntil(`${step} of ${runId} is ${status}`, isSo)
    }
  }
}

/** The problem document of a refusal. */
export async function problemOf (response: Response): Promise<Problem> {
  return await response.json() as Problem
}
