import { readFileSync } from 'node:fs'
import type { Variables } from '../expression/evaluator.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { RunRecord } from '../store/run-store.ts'
import { unlessAborted, withAbort } from './abort.ts'
import { NotNeededError } from './interruption.ts'
import { RUN_KEY } from './journal.ts'
import type { RunExecution } from './run-execution.ts'
import { checkSchema } from './schema.ts'
import { createScope, dateTime } from './scope.ts'
import { checkSize } from './sizes.ts'
import { executeList } from './task-list.ts'
import { timeoutDuration, withTimeLimit } from './time-limit.ts'

/**
 * Executes a workflow from its input to its output.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl.md#data-flow
 *
 * @param startedAt the time at which the run first began, in milliseconds since 1970
 * @throws TaskError that no task catches, or the reason of the run's signal
 */
export async function executeWorkflow (run: RunExecution, input: Json, startedAt: number): Promise<Json> {
  const { timeout } = run.definition
  if (timeout === undefined) return await flow(run, input)
  const ms = await createScope(run, {}, run.signal).duration(timeoutDuration(run.definition, timeout), input)
  return await withTimeLimit({ signal: run.signal, pointer: '' }, 'The run', startedAt, ms, async (signal) => await flow({ ...run, signal }, input))
}

async function flow (above: RunExecution, raw: Json): Promise<Json> {
  return await withAbort(above.signal, async (signal, abort) => {
    const run = { ...above, signal }
    const scope = createScope(run, {}, signal)
    try {
      const { from } = run.definition.input ?? {}
      const input = from === undefined ? raw : await run.journal.keep(`${RUN_KEY}#input`, from, () => scope.transform(from, raw))
      const { output } = await executeList(run, run.definition.do, { pointer: '/do', key: '/do', attempt: 1, variables: {}, signal }, input)
      await unlessAborted(signal, Promise.all(run.background))
      const result = await scope.transform(run.definition.output?.as, output)
      checkSchema(run.definition.output?.schema, result, 'The output of the workflow')
      checkSize(result, 'The output of the workflow', run.maxDataBytes)
      return result
    } finally {
      abort(new NotNeededError('The run is over.'))
      await Promise.all(run.background)
    }
  })
}

/** Makes the variables of every expression of a run. https://github.com/serverlessworkflow/specification/blob/main/dsl.md#runtime-expression-arguments */
export function workflowVariables ({ runId, definition, input }: RunRecord, startedAt: number, secrets: JsonObject): Variables {
  return {
    workflow: { id: runId, ...isJsonObject(definition) && { definition }, input, startedAt: dateTime(startedAt) },
    runtime: { name: 'runcast', version: VERSION, metadata: {} },
    secrets
  }
}

/** The version of this package. */
const VERSION = versionOf(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')))

function versionOf (manifest: unknown): string {
  return isJsonObject(manifest) ? String(manifest['version']) : ''
}
