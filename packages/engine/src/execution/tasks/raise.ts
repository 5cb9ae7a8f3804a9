import type { RaiseTask } from '../../definition/dsl.ts'
import { isJsonObject } from '../../json.ts'
import { namedPart } from '../named-part.ts'
import { TaskError } from '../problem.ts'
import type { TaskExecution } from '../task-execution.ts'

/** Raises the error of the task. @throws TaskError always */
export async function executeRaise ({ run, task, evaluate }: TaskExecution<RaiseTask>): Promise<never> {
  const { error } = task.raise
  const definition = typeof error === 'string' ? namedPart(run.definition, 'errors', error) : error
  const raised = await evaluate({ ...definition })
  const { type, status, title, detail, instance } = isJsonObject(raised) ? raised : {}
  throw new TaskError({
    type: String(type),
    status: Number(status),
    title: textOf(title) ?? String(type),
    ...textOf(detail) !== undefined && { detail: String(textOf(detail)) },
    ...textOf(instance) !== undefined && { instance: String(textOf(instance)) }
  })
}

function textOf (value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
