import { replaceExpressions, type TemplateMode } from '../expression/template.ts'
import { pointerToken, isJsonObject, type Json } from '../json.ts'
import type { Duration, RetryPolicy, WorkflowDefinition } from './dsl.ts'
import { isRemoteCall } from './task-kinds.ts'
import { loopVariables, visitTasks, type TaskVisit } from './visit-tasks.ts'

/** An expression of a definition. */
export interface DefinitionExpression {
  /** The JSON pointer of the text that it is. */
  readonly path: string
  readonly program: string
  /** The variables that it may use, without `$`. */
  readonly variables: readonly string[]
}

const WORKFLOW_VARIABLES = ['context', 'secrets', 'workflow', 'runtime']

/**
 * Every expression of a definition.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl.md#runtime-expression-arguments
 */
export function expressionsOf (definition: WorkflowDefinition): DefinitionExpression[] {
  const found: DefinitionExpression[] = []
  const { input, output, timeout, use = {} } = definition
  const collect = collector(found, '')
  collect('/input/from', input?.from, 'expression', WORKFLOW_VARIABLES)
  collect('/output/as', output?.as, 'expression', WORKFLOW_VARIABLES)
  collect('/timeout', timeout, 'value', WORKFLOW_VARIABLES)
  const variables = [...WORKFLOW_VARIABLES, 'task', 'input']
  collect('/use/errors', { ...use.errors }, 'value', variables)
  collect('/use/timeouts', { ...use.timeouts }, 'value', variables)
  collect('/use/authentications', use.authentications, 'value', variables)
  for (const [name, policy] of Object.entries(use.retries ?? {})) collectPolicy(collect, `/use/retries/${pointerToken(name)}`, policy, [...variables, 'error'])
  for (const task of visitTasks(definition)) collectTask(found, task)
  return found
}

type Collect = (path: string, template: object | Json | undefined, mode: TemplateMode, variables: readonly string[]) => void

function collector (found: DefinitionExpression[], base: string): Collect {
  return (path, template, mode, variables) => {
    if (!isTemplate(template)) return
    replaceExpressions(template, mode, (program, at) => {
      found.push({ path: base + path + at, program, variables })
      return null
    })
  }
}

/** The parts of a definition are JSON, though the types of the DSL do not say so of all their properties. */
function isTemplate (value: object | Json | undefined): value is Json {
  return value !== undefined
}

function collectTask (found: DefinitionExpression[], { path, task, variables: around }: TaskVisit): void {
  const collect = collector(found, path)
  const before = [...WORKFLOW_VARIABLES, 'task', ...around]
  const inside = [...before, 'input']
  collect('/if', task.if, 'expression', before)
  collect('/timeout', task.timeout, 'value', before)
  collect('/input/from', task.input?.from, 'expression', before)
  const called = isRemoteCall(task) ? [...inside, 'authorization'] : inside
  collect('/output/as', task.output?.as, 'expression', called)
  collect('/export/as', task.export?.as, 'expression', [...called, 'output'])
  if ('call' in task) collect('/with', task.with, 'value', called)
  else if ('emit' in task) collect('/emit/event/with', task.emit.event.with, 'value', inside)
  else if ('raise' in task) collect('/raise/error', task.raise.error, 'value', inside)
  else if ('run' in task) collect('/run/shell', task.run.shell, 'value', inside)
  else if ('set' in task) collect('/set', task.set, 'value', inside)
  else if ('wait' in task) collect('/wait', task.wait, 'value', inside)
  else if ('for' in task) {
    collect('/for/in', task.for.in, 'expression', inside)
    collect('/while', task.while, 'expression', [...inside, ...loopVariables(task.for)])
  } else if ('switch' in task) {
    for (const [index, item] of task.switch.entries()) {
      for (const [name, { when }] of Object.entries(item)) collect(`/switch/${index}/${pointerToken(name)}/when`, when, 'expression', inside)
    }
  } else if ('try' in task) {
    const handling = [...inside, task.catch.as ?? 'error']
    collect('/catch/when', task.catch.when, 'expression', handling)
    collect('/catch/exceptWhen', task.catch.exceptWhen, 'expression', handling)
    if (typeof task.catch.retry === 'object') collectPolicy(collect, '/catch/retry', task.catch.retry, handling)
  }
}

function collectPolicy (collect: Collect, path: string, { when, exceptWhen, ...durations }: RetryPolicy, variables: readonly string[]): void {
  collect(`${path}/when`, when, 'expression', variables)
  collect(`${path}/exceptWhen`, exceptWhen, 'expression', variables)
  collect(path, durations, 'value', variables)
}

/** Every duration of a definition that is written in place, with its JSON pointer. */
export function durationsOf (definition: WorkflowDefinition): Array<{ readonly path: string, readonly duration: Duration }> {
  const { timeout, use = {} } = definition
  const found: Array<[string, Duration | undefined]> = []
  const ofTimeout = (path: string, given: typeof timeout) => found.push([`${path}/after`, typeof given === 'object' ? given.after : undefined])
  const ofPolicy = (path: string, { delay, jitter, limit }: RetryPolicy) => found.push(
    [`${path}/delay`, delay], [`${path}/jitter/from`, jitter?.from], [`${path}/jitter/to`, jitter?.to],
    [`${path}/limit/duration`, limit?.duration], [`${path}/limit/attempt/duration`, limit?.attempt?.duration])

  ofTimeout('/timeout', timeout)
  for (const [name, given] of Object.entries(use.timeouts ?? {})) ofTimeout(`/use/timeouts/${pointerToken(name)}`, given)
  for (const [name, policy] of Object.entries(use.retries ?? {})) ofPolicy(`/use/retries/${pointerToken(name)}`, policy)
  for (const { path, task } of visitTasks(definition)) {
    ofTimeout(`${path}/timeout`, task.timeout)
    if ('wait' in task) found.push([`${path}/wait`, task.wait])
    if ('call' in task && task.call === 'mcp' && isJsonObject(task.with) && typeof task.with['timeout'] === 'string') found.push([`${path}/with/timeout`, task.with['timeout']])
    if ('try' in task && typeof task.catch.retry === 'object') ofPolicy(`${path}/catch/retry`, task.catch.retry)
  }
  return found.flatMap(([path, duration]) => duration === undefined ? [] : [{ path, duration }])
}
