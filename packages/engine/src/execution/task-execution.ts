import type { LogLevel } from '@runcast/client'
import type { Json, JsonObject, Task, TaskList, WorkflowDefinition } from '../definition/dsl.ts'
import type { EngineLogger } from '../engine-options.ts'
import type { Evaluator, Variables } from '../expression/evaluator.ts'
import type { GuardedHttp } from './http/guarded-http.ts'
import type { Journal } from './journal.ts'
import type { RunEvents } from './run-events.ts'
import type { Scope } from './scope.ts'

/** What all tasks of one attempt at a run share. */
export interface Attempt {
  readonly runId: string
  readonly token: number
  readonly definition: WorkflowDefinition
  /** Those of every expression: `workflow`, `runtime`, `secrets`. */
  readonly variables: Variables
  readonly secrets: JsonObject
  readonly evaluator: Evaluator
  readonly events: RunEvents
  readonly journal: Journal
  readonly http: GuardedHttp
  readonly allowProcesses: boolean
  /** The environment of the engine itself, of which processes get the little that they need. */
  readonly environment: { readonly [name: string]: string | undefined }
  readonly maxDataBytes: number
  readonly logger: EngineLogger
  /** That of the run as a whole. */
  readonly signal: AbortSignal
  /** What goes on beside the tasks: the run is over when these are. */
  readonly background: Set<Promise<void>>
}

/** Where in the definition something is executed, and in which round of what is around it. */
export interface Place {
  /** JSON pointer in the definition. */
  readonly pointer: string
  /** The pointer with the number, in brackets, of each round, attempt and visit that is not the first. */
  readonly key: string
  /** Which attempt of the nearest `try` around it, from 1. */
  readonly attempt: number
  /** Those of the loops and caught errors around it. */
  readonly variables: Variables
  readonly signal: AbortSignal
}

/** What executing tasks gives. */
export interface Outcome {
  readonly output: Json
  /** The flow directive that was given; null to go on as the definition says. `end` ends the workflow. */
  readonly directive: string | null
  /** What else `output.as` and `export.as` of the task can use. */
  readonly variables?: Variables
}

/** One of several tasks that are executed at the same time. */
export interface Branch {
  /** Whether it was executed before a restart. */
  readonly isFinished: boolean
  execute (): Promise<Outcome>
}

/** Tasks within a task, and what is different for them. */
export interface Part extends Partial<Pick<Place, 'attempt' | 'signal' | 'variables'>> {
  /** JSON pointer of the tasks from the task on, such as `/catch/do`. */
  readonly path: string
  /** JSON pointer of the tasks in the definition, where they are not within the task. */
  readonly pointer?: string
  /** The number of the round or attempt, from 0. */
  readonly round?: number
  readonly input: Json
}

/** One execution of one task, as its kind sees it. */
export interface TaskExecution<Kind extends Task = Task> {
  readonly run: Attempt
  readonly name: string
  readonly task: Kind
  readonly place: Place
  /** The transformed input. */
  readonly input: Json
  /** What the expressions of the task can use. */
  readonly scope: Scope
  /** Evaluates the expressions of a value against the input. @throws TaskError `expression` */
  evaluate (template: Json, mode?: 'value' | 'expression'): Promise<Json>
  /** Executes a list of tasks within this one. */
  executeList (list: TaskList, part: Part): Promise<Outcome>
  /** Executes one task for this one. */
  executeTask (name: string, task: Task, part: Part): Promise<Outcome>
  /** Tasks of a list within this one that are to be executed at the same time. */
  branches (list: TaskList, part: Part): Branch[]
  /** Tells what the engine does about the task. */
  log (level: LogLevel, message: string): void
}
