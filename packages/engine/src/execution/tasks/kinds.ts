import type { Task, TaskKind, TasksByKind } from '../../definition/dsl.ts'
import { isRemoteCall, kindOf } from '../../definition/task-kinds.ts'
import type { Json } from '../../json.ts'
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

/** The execution of the tasks of a kind. */
interface KindExecution<OfKind extends Task> {
  /** Does the work of a task, between its input and its output. @throws TaskError */
  readonly execute: (execution: TaskExecution<OfKind>) => Promise<Outcome>
  /** Tells whether the work does something outside of the run, by itself and not only by tasks within. */
  readonly hasEffects: (task: OfKind) => boolean
  /** True when the work depends on the time at which the task first began, which is then kept across restarts. */
  readonly isTimed: boolean
}

const PLAIN = { hasEffects: () => false, isTimed: false }

/** The execution of each kind. A kind without a row does not compile; the other table, for definitions, is in task-kinds.ts. */
const KINDS: { readonly [Kind in TaskKind]: KindExecution<TasksByKind[Kind]> } = {
  call: { ...PLAIN, execute: executeCall, hasEffects: isRemoteCall },
  do: { ...PLAIN, execute: ({ task, input, executeList }) => executeList(task.do, { path: '/do' }, input) },
  emit: { ...PLAIN, execute: outputOf(executeEmit), hasEffects: () => true },
  for: { ...PLAIN, execute: executeFor },
  fork: { ...PLAIN, execute: executeFork },
  raise: { ...PLAIN, execute: executeRaise },
  run: { ...PLAIN, execute: outputOf(executeShell), hasEffects: () => true },
  set: { ...PLAIN, execute: outputOf(({ task, evaluate }) => evaluate(task.set)) },
  switch: { ...PLAIN, execute: executeSwitch },
  try: { ...PLAIN, execute: executeTry },
  wait: { ...PLAIN, execute: outputOf(executeWait), isTimed: true }
}

/** Makes the execution of a task that gives an output and no flow directive. */
function outputOf<OfKind extends Task> (execute: (execution: TaskExecution<OfKind>) => Promise<Json>): (execution: TaskExecution<OfKind>) => Promise<Outcome> {
  return async (execution) => ({ output: await execute(execution), directive: null })
}

/** Does the work of a task. @throws TaskError */
export async function executeKind (execution: TaskExecution): Promise<Outcome> {
  return await execute(knownKind(execution.task), execution)
}

async function execute<Kind extends TaskKind> (kind: Kind, execution: TaskExecution<TasksByKind[Kind]>): Promise<Outcome> {
  return await KINDS[kind].execute(execution)
}

/** Tells whether executing a task does something outside of the run, by itself and not only by tasks within. */
export function hasEffects (task: Task): boolean {
  return effectsOf(knownKind(task), task)
}

function effectsOf<Kind extends TaskKind> (kind: Kind, task: TasksByKind[Kind]): boolean {
  return KINDS[kind].hasEffects(task)
}

/** Tells whether executing a task depends on the time at which it first began. */
export function isTimed (task: Task): boolean {
  return KINDS[knownKind(task)].isTimed
}

/** @throws TaskError `configuration` for the task of a definition that was stored by a newer engine */
function knownKind (task: Task): TaskKind {
  const kind = kindOf(task)
  if (kind === null) throw taskError('configuration', 'The task is of a kind that the engine does not know.')
  return kind
}
