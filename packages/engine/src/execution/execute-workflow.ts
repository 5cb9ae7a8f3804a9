import { readFileSync } from 'node:fs'
import type { Variables } from '../expression/evaluator.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { RunRecord } from '../store/run-store.ts'
import { unlessAborted, withAbort, withDeadline } from './abort.ts'
import { BranchEnd } from './attempt-end.ts'
import { RUN_KEY } from './journal.ts'
import { taskError, withInstance } from './problem.ts'
import type { RunExecution } from './run-execution.ts'
import { checkSchema } from './schema.ts'
import { createScope, dateTime } from './scope.ts'
import { checkSize } from './sizes.ts'
import { executeList } from './task-list.ts'

/**
 * Executes a workflow from its input to its output.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl.md#data-flow
 *
 * @param startedAt when the run first began, in milliseconds since 1970
 * @throws TaskError that no task catches, or the reason of the run's signal
 */
export async function executeWorkflow (run: RunExecution, input: Json, startedAt: number): Promise<Json> {
  const { timeout } = run.definition
  const after = typeof timeout === 'string' ? run.definition.use?.timeouts?.[timeout] : timeout
  if (timeout !== undefined && after === undefined) throw taskError('configuration', `There is no timeout "${String(timeout)}" in use.timeouts.`)
  if (after === undefined) return await flow(run, input)

  const ms = await createScope(run, {}, run.signal).duration(after.after, input)
  const reason = () => withInstance(taskError('timeout', `The run took longer than ${ms} ms.`), '')
  return await withDeadline(run.signal, startedAt + ms, reason, async (signal) => {
    try {
      return await flow({ ...run, signal }, input)
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    }
  })
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
      abort(new BranchEnd('The run is over.'))
      await Promise.all(run.background)
    }
  })
}

/** The variables that every expression of a run has. https://github.com/serverlessworkflow/specification/blob/main/dsl.md#runtime-expression-arguments */
export function workflowVariables ({ runId, definition, input }: RunRecord, startedAt: number, secrets: JsonObject): Variables {
  return {
    workflow: { id: runId, ...isJsonObject(definition) && { definition }, input, startedAt: dateTime(startedAt) },
    runtime: { name: 'runcast', version: VERSION, metadata: {} },
    secrets
  }
}

/** That of this package. */
const VERSION = versionOf(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')))

function versionOf (manifest: unknown): string {
  return isJsonObject(manifest) ? String(manifest['version']) : ''
}
