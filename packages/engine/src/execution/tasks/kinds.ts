import type { Task } from '../../definition/dsl.ts'
import { isRemoteCall } from '../../definition/task-kinds.ts'
import { taskError } from '../problem.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'
import { executeCall } from './call.ts'
import { executeEmit } from './emit.ts'
import { executeFor } from './for.ts'
import { executeFork } from './fork.ts'
import { executeRaise } from './raise.ts'
import { executeShell } from './shell.ts'
import { executeSwitch } from './switch.ts'
import { executeTry } from './try.ts'
import { executeWait } from './wait.ts'

/** Whether executing a task does something outside of the run, by itself and not only by its tasks. */
export function hasEffects (task: Task): boolean {
  return 'emit' in task || 'run' in task || isRemoteCall(task)
}

/** Does what a task is there for, whatever its kind is. @throws TaskError */
export async function executeKind (execution: TaskExecution): Promise<Outcome> {
  const { task } = execution
  const as = <Kind extends Task>(kind: Kind) => ({ ...execution, task: kind })
  if ('call' in task) return await executeCall(as(task))
  if ('emit' in task) return plain(await executeEmit(as(task)))
  // A `for` has a `do` as well.
  if ('for' in task) return await executeFor(as(task))
  if ('fork' in task) return await executeFork(as(task))
  if ('raise' in task) return await executeRaise(as(task))
  if ('run' in task) return plain(await executeShell(as(task)))
  if ('set' in task) return plain(await execution.evaluate(task.set))
  if ('switch' in task) return await executeSwitch(as(task))
  if ('try' in task) return await executeTry(as(task))
  if ('wait' in task) return plain(await executeWait(as(task)))
  if ('do' in task) return await execution.executeList(task.do, { path: '/do' }, execution.input)
  throw taskError('configuration', 'The task is of a kind that the engine does not know.')
}

function plain (output: Outcome['output']): Outcome {
  return { output, directive: null }
}
