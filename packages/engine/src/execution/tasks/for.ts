import type { ForTask } from '../../definition/dsl.ts'
import { loopVariables } from '../../definition/variables.ts'
import { keyOf } from '../place.ts'
import { taskError } from '../problem.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'

/** Executes tasks for each item, as long as the condition holds; the output of a round is the input of the next. */
export async function executeFor ({ run, task, place, input, scope, evaluate, executeList }: TaskExecution<ForTask>): Promise<Outcome> {
  const { journal } = run
  const items = await journal.keep(`${place.key}#items`, task.for.in, () => evaluate(task.for.in, 'expression'))
  if (!Array.isArray(items)) throw taskError('expression', `The expression ${task.for.in} must give an array.`)
  const [itemName, indexName] = loopVariables(task.for)
  let output = input
  for (const [round, item] of items.entries()) {
    const variables = { [itemName]: item, [indexName]: round }
    // The tasks of a round that has begun may have changed the value of the condition.
    const hasBegun = () => journal.hasWithin(keyOf(place, '/do', round))
    if (task.while !== undefined && !hasBegun() && !await scope.with(variables).holds(task.while, output)) break
    const outcome = await executeList(task.do, { path: '/do', round, variables }, output)
    output = outcome.output
    if (outcome.directive === 'end') return outcome
  }
  return { output, directive: null }
}
