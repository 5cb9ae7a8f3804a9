import type { CallTask } from '../../definition/dsl.ts'
import { callHttp } from '../http/call-http.ts'
import { callMcp } from '../mcp/call-mcp.ts'
import { taskError } from '../problem.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'
import { pointerPart } from '../task-list.ts'

/** Calls over HTTP or MCP, or executes a function of `use.functions`. */
export async function executeCall (execution: TaskExecution<CallTask>): Promise<Outcome> {
  const { task, run, input, evaluate, executeTask } = execution
  if (task.call === 'http') return { output: await callHttp(execution), directive: null }
  if (task.call === 'mcp') return { output: await callMcp(execution), directive: null }
  const called = run.definition.use?.functions?.[task.call]
  if (called === undefined) throw taskError('configuration', `There is no function "${task.call}" in use.functions.`)
  // It stands elsewhere in the definition; what the caller adds is its input.
  const given = task.with === undefined ? input : await evaluate(task.with)
  const { output } = await executeTask(task.call, called, { path: '/function', pointer: `/use/functions${pointerPart(task.call)}`, input: given })
  return { output, directive: null }
}
