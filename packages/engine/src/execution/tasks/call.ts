import type { CallTask } from '../../definition/dsl.ts'
import { pointerToken } from '../../json.ts'
import { callHttp } from '../http/call-http.ts'
import { authorizationVariable, type Called } from '../http/request.ts'
import { callMcp } from '../mcp/call-mcp.ts'
import { namedPart } from '../named-part.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'

/** Calls over HTTP or MCP, or executes a function of `use.functions`. */
export async function executeCall (execution: TaskExecution<CallTask>): Promise<Outcome> {
  const { task, run, place, input, evaluate, executeTask } = execution
  if (task.call === 'http') return outcomeOf(await callHttp(execution))
  if (task.call === 'mcp') return outcomeOf(await callMcp(execution))
  const called = namedPart(run.definition, 'functions', task.call)
  // The function stands elsewhere in the definition; its input is the `with` of the caller.
  const { with: added } = task
  const given = added === undefined ? input : await run.journal.keep(`${place.key}#with`, added, () => evaluate(added))
  const { output, directive } = await executeTask(task.call, called, { path: '/function', pointer: `/use/functions/${pointerToken(task.call)}` }, given)
  return { output, directive: directive === 'end' ? 'end' : null }
}

function outcomeOf ({ output, authorization }: Called): Outcome {
  return { output, directive: null, variables: authorizationVariable(authorization) }
}
