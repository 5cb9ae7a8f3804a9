import type { Task } from '../definition/dsl.ts'
import { isComposite } from '../definition/task-kinds.ts'
import { errorText } from '../error-text.ts'
import { isJsonObject, type Json } from '../json.ts'
import { unlessAborted } from './abort.ts'
import type { FinishedTask } from './checkpoint-values.ts'
import { isHandedOver } from './interruption.ts'
import { placeWithin, type Place } from './place.ts'
import { TaskError, taskError, withInstance } from './problem.ts'
import type { Step } from './run-events.ts'
import type { RunExecution } from './run-execution.ts'
import { checkSchema } from './schema.ts'
import { createScope, dateTime, type Scope } from './scope.ts'
import { checkSize } from './sizes.ts'
import type { Outcome, TaskExecution } from './task-execution.ts'
import { branchesOf, executeList, executeOne } from './task-list.ts'
import { executeKind, hasEffects, isTimed } from './tasks/kinds.ts'
import { timeoutDuration, withTimeLimit } from './time-limit.ts'

/** A task that was executed. */
export interface Executed {
  readonly outcome: Outcome
  /** Resolves when the end of the task is published; never rejects. */
  readonly published: Promise<void>
}

/** The most tasks without effects whose checkpoints may not be durable yet. So many are executed again after a crash. */
const MAX_UNSAVED = 16

/**
 * Executes a task that has no checkpoint yet, from its `if` to its `export`, and writes its checkpoint. When it
 * resolves, the end of the task may not be published yet. Unless the task has effects outside of the run, its checkpoint
 * may not be durable yet either: the next task with effects waits for it.
 *
 * @param raw the output of the task before
 * @throws TaskError when the task fails, or the reason of the place's signal
 */
export async function executeTask (run: RunExecution, name: string, task: Task, place: Place, raw: Json): Promise<Executed> {
  place.signal.throwIfAborted()
  const step = stepOf(name, place)
  const began = performance.now()
  const elapsed = () => Math.round(performance.now() - began)
  try {
    const performed = await perform(run, step, task, place, raw)
    const finished: FinishedTask = { kind: 'task', step: place.pointer, token: run.token, durationMs: elapsed(), ...performed }
    run.journal.save(place.key, finished)
    const published = run.events.taskFinished(step, place.key, finished)
    await unlessAborted(place.signal, run.journal.saved(hasEffects(task) ? 0 : MAX_UNSAVED))
    return { outcome: finished, published }
  } catch (error) {
    throw publishFailure(run, step, place, error, elapsed())
  }
}

/**
 * Publishes once more the end of a task that was restored from its checkpoint: the process that executed it may have
 * died before it did so. Never rejects.
 */
export async function publishAgain (run: RunExecution, name: string, place: Place, finished: FinishedTask): Promise<void> {
  if (finished.token !== 0) await run.events.taskFinished(stepOf(name, place), place.key, finished)
}

function stepOf (name: string, { pointer, attempt }: Place): Step {
  return { step: pointer, name, attempt }
}

type Performed = Pick<FinishedTask, 'status' | 'output' | 'directive' | 'context'>

async function perform (run: RunExecution, step: Step, task: Task, place: Place, raw: Json): Promise<Performed> {
  const startedAt = await run.journal.startedAt(place.key, task.timeout !== undefined || isTimed(task))
  const descriptor = { name: step.name, reference: place.pointer, ...isJsonObject(task) && { definition: task }, input: raw, startedAt: dateTime(startedAt) }
  const scope = createScope(run, { ...place.variables, task: descriptor }, place.signal)
  if (task.if !== undefined && !await mayBegin(run, task, task.if, place, scope, raw)) {
    return { status: 'skipped', output: raw, directive: 'continue', context: null }
  }
  run.events.taskRunning(step)
  const flow = (signal: AbortSignal) => flowThrough(run, step.name, task, { ...place, signal }, raw, scope.with({}, signal), descriptor)
  if (task.timeout === undefined) return await flow(place.signal)
  const ms = await scope.duration(timeoutDuration(run.definition, task.timeout), raw)
  return await withTimeLimit(place, 'The task', startedAt, ms, flow)
}

/** https://github.com/serverlessworkflow/specification/blob/main/dsl.md#data-flow, steps 3 to 8. */
async function flowThrough (run: RunExecution, name: string, task: Task, place: Place, raw: Json, scope: Scope, descriptor: { readonly [field: string]: Json }): Promise<Performed> {
  checkSchema(task.input?.schema, raw, 'The input of the task')
  const from = task.input?.from
  const transform = () => scope.transform(from, raw)
  const input = from !== undefined && isComposite(task) ? await run.journal.keep(`${place.key}#input`, from, transform) : await transform()
  if (hasEffects(task)) await unlessAborted(place.signal, run.journal.saved(0))
  const outcome = await executeKind(executionOf(run, name, task, place, input, scope.with({ input })))
  place.signal.throwIfAborted()

  const ended = scope.with({ ...outcome.variables, input, task: { ...descriptor, output: outcome.output } })
  const output = await ended.transform(task.output?.as, outcome.output)
  checkSchema(task.output?.schema, output, 'The output of the task')
  checkSize(output, 'The output of the task', run.maxDataBytes)
  const context = await exportOutput(run, task, output, ended.with({ output }))
  return { status: 'succeeded', output, directive: outcome.directive, context }
}

/** Judges the condition of a task. A task with tasks of its own is judged once for the run: those tasks may change the answer. */
async function mayBegin (run: RunExecution, task: Task, condition: string, { key }: Place, scope: Scope, raw: Json): Promise<boolean> {
  const judge = () => scope.holds(condition, raw)
  return isComposite(task) ? await run.journal.keep(`${key}#if`, condition, judge) === true : await judge()
}

/** https://github.com/serverlessworkflow/specification/blob/main/dsl.md#data-flow, steps 7 and 8: without `as` the context stays as it is. */
async function exportOutput (run: RunExecution, { export: model }: Task, output: Json, scope: Scope): Promise<Performed['context']> {
  if (model === undefined) return null
  if (model.as === undefined) {
    checkSchema(model.schema, run.journal.context, 'The exported context')
    return null
  }
  return await run.journal.exportContext(async () => {
    const context = await scope.transform(model.as, output)
    checkSchema(model.schema, context, 'The exported context')
    checkSize(context, 'The exported context', run.maxDataBytes)
    return context
  })
}

function executionOf (run: RunExecution, name: string, task: Task, place: Place, input: Json, scope: Scope): TaskExecution {
  return {
    run,
    name,
    task,
    place,
    input,
    scope,
    evaluate: (template, mode) => scope.evaluate(template, input, mode),
    executeList: (list, part, given) => executeList(run, list, placeWithin(place, part), given),
    executeTask: (other, called, part, given) => executeOne(run, other, called, placeWithin(place, part), given),
    branches: (list, part, given) => branchesOf(run, list, placeWithin(place, part), given),
    log: (level, message) => run.events.log(level, message, place.pointer)
  }
}

/** Publishes the failure of a task. @returns the error to throw */
function publishFailure (run: RunExecution, step: Step, { signal, pointer }: Place, error: unknown, durationMs: number): unknown {
  const reason: unknown = signal.aborted ? signal.reason : error
  if (isHandedOver(reason)) return reason
  if (signal.aborted) {
    run.events.taskCancelled(step, errorText(reason), durationMs)
    return reason
  }
  const failure = withInstance(toTaskError(run, error), pointer)
  run.events.taskFailed(step, failure.problem, durationMs)
  return failure
}

function toTaskError (run: RunExecution, error: unknown): TaskError {
  if (error instanceof TaskError) return error
  run.logger.error({ err: error, run_id: run.runId }, 'a task failed for a reason that was not foreseen')
  return taskError('runtime', 'The engine could not execute the task: its log says why.', { cause: error })
}
