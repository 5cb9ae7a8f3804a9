import { pointerToken } from '../json.ts'
import type { Task, TaskList, WorkflowDefinition } from './dsl.ts'
import { traitsOf } from './task-kinds.ts'

/** A task at its place in a definition. */
export interface TaskVisit {
  /** JSON pointer of the task. */
  readonly path: string
  readonly name: string
  readonly task: Task
  /** The names that its flow directives may use: the tasks of its list, or none where the list has no order. */
  readonly targets: readonly string[]
  /** The variables of the tasks around it, without `$`. */
  readonly variables: readonly string[]
}

/** Visits every task of a definition, also in `use.functions`. A task comes before the tasks within it. */
export function * visitTasks ({ do: tasks, use }: WorkflowDefinition): Generator<TaskVisit> {
  yield * visitList(tasks, '/do', [])
  for (const [name, task] of Object.entries(use?.functions ?? {})) {
    yield * visit({ path: `/use/functions/${pointerToken(name)}`, name, task, targets: [], variables: [] })
  }
}

/** Gives the tasks of a list with their JSON pointers. @param path the pointer of the list */
export function namedTasks (list: TaskList, path: string): Array<{ readonly path: string, readonly name: string, readonly task: Task }> {
  return list.flatMap((item, index) => Object.entries(item).map(([name, task]) => ({ path: `${path}/${index}/${pointerToken(name)}`, name, task })))
}

function * visitList (list: TaskList, path: string, variables: readonly string[], isOrdered = true): Generator<TaskVisit> {
  const tasks = namedTasks(list, path)
  const targets = isOrdered ? tasks.map(({ name }) => name) : []
  for (const task of tasks) yield * visit({ ...task, targets, variables })
}

function * visit (visited: TaskVisit): Generator<TaskVisit> {
  yield visited
  const { path, task, variables } = visited
  for (const list of traitsOf(task).lists) yield * visitList(list.tasks, path + list.path, [...variables, ...list.variables], list.isOrdered)
}
