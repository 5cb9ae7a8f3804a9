import type { SwitchTask } from '../../definition/dsl.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'

/** Gives the directive of the first case whose condition holds, else of the case without a condition, else none. */
export async function executeSwitch ({ task, input, scope }: TaskExecution<SwitchTask>): Promise<Outcome> {
  const cases = task.switch.flatMap((item) => Object.values(item))
  for (const { when, then = 'continue' } of cases) {
    if (when !== undefined && await scope.holds(when, input)) return { output: input, directive: then }
  }
  const otherwise = cases.find(({ when }) => when === undefined)
  return { output: input, directive: otherwise === undefined ? null : otherwise.then ?? 'continue' }
}
