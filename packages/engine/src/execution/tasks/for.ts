import type { ForTask } from '../../definition/dsl.ts'
import { taskError } from '../problem.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'

/** Executes its tasks for each item, as long as the condition holds; the output of a round is the input of the next. */
export async function executeFor ({ task, input, scope, evaluate, executeList }: TaskExecution<ForTask>): Promise<Outcome> {
  const items = await evaluate(task.for.in, 'expression')
  if (!Array.isArray(items)) throw taskError('expression', `The expression ${task.for.in} must give an array.`)
  let output = input
  for (const [round, item] of items.entries()) {
    const variables = { [task.for.each ?? 'item']: item, [task.for.at ?? 'index']: round }
    if (task.while !== undefined && !await scope.with(variables).holds(task.while, output)) break
    const outcome = await executeList(task.do, { path: '/do', round, input: output, variables })
    output = outcome.output
    if (outcome.directive === 'end') return outcome
  }
  return { output, directive: null }
}
