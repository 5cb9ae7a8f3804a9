import { pointerToken } from '../json.ts'
import type { Task, TaskList, WorkflowDefinition } from './dsl.ts'
import { traitsOf } from './task-kinds.ts'

/** A task of a definition and where it stands. */
export interface TaskVisit {
  /** Its JSON pointer. */
  readonly path: string
  readonly name: string
  readonly task: Task
  /** The names of the tasks to which its flow directives may lead: those of its list, none where there is no order. */
  readonly targets: readonly string[]
  /** The variables that the tasks around it bring, without `$`. */
  readonly variables: readonly string[]
}

/** Every task of a definition, those of `use.functions` among them, each before those within it. */
export function * visitTasks ({ do: tasks, use }: WorkflowDefinition): Generator<TaskVisit> {
  yield * visitList(tasks, '/do', [])
  for (const [name, task] of Object.entries(use?.functions ?? {})) {
    yield * visit({ path: `/use/functions/${pointerToken(name)}`, name, task, targets: [], variables: [] })
  }
}

/** A list's tasks with their JSON pointers. @param path that of the list */
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
