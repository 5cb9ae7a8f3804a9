import type { LogLevel } from '@runcast/client'
import type { Task, TaskList } from '../definition/dsl.ts'
import type { Variables } from '../expression/evaluator.ts'
import type { Json } from '../json.ts'
import type { Part, Place } from './place.ts'
import type { RunExecution } from './run-execution.ts'
import type { Scope } from './scope.ts'

/** The result of executing tasks. */
export interface Outcome {
  readonly output: Json
  /** The flow directive that was given; null to go on as the definition says. `end` ends the workflow. */
  readonly directive: string | null
  /** More variables for `output.as` and `export.as` of the task. */
  readonly variables?: Variables
}

/** One of several tasks that are executed at the same time. */
export interface Branch {
  /** True when it was executed before a restart. */
  readonly isFinished: boolean
  execute (): Promise<Outcome>
}

/** One execution of one task, as the code for its kind sees it. */
export interface TaskExecution<Kind extends Task = Task> {
  readonly run: RunExecution
  readonly name: string
  readonly task: Kind
  readonly place: Place
  /** The transformed input. */
  readonly input: Json
  /** Evaluates with all variables of the task. */
  readonly scope: Scope
  /** Evaluates the expressions of a value against the input. @throws TaskError `expression` */
  evaluate (template: Json, mode?: 'value' | 'expression'): Promise<Json>
  /** Executes a list of tasks within this one. */
  executeList (list: TaskList, part: Part, input: Json): Promise<Outcome>
  /** Executes one task for this one. */
  executeTask (name: string, task: Task, part: Part, input: Json): Promise<Outcome>
  /** Gives the tasks of a list within this one, to be executed at the same time. */
  branches (list: TaskList, part: Part, input: Json): Branch[]
  /** Publishes a log event of the task. */
  log (level: LogLevel, message: string): void
}
