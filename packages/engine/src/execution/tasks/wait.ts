import type { WaitTask } from '../../definition/dsl.ts'
import type { Json } from '../../json.ts'
import { sleepUntil } from '../abort.ts'
import type { TaskExecution } from '../task-execution.ts'

/** Waits. The time counts from the first begin of the task, also if it was before a restart. */
export async function executeWait ({ run, task, place, input, scope }: TaskExecution<WaitTask>): Promise<Json> {
  const startedAt = await run.journal.startedAt(place.key, true)
  await sleepUntil(startedAt + await scope.duration(task.wait, input), place.signal)
  return input
}
