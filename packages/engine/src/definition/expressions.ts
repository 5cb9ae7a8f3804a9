import { replaceExpressions, type TemplateMode } from '../expression/template.ts'
import { pointerToken, type Json } from '../json.ts'
import type { Duration, WorkflowDefinition } from './dsl.ts'
import { isRemoteCall, policyDurations, policyTemplates, traitsOf, type PlacedDuration } from './task-kinds.ts'
import { visitTasks, type TaskVisit } from './visit-tasks.ts'

/** An expression of a definition. */
export interface DefinitionExpression {
  /** JSON pointer of its text. */
  readonly path: string
  readonly program: string
  /** The names of its variables, without `$`. */
  readonly variables: readonly string[]
}

const WORKFLOW_VARIABLES = ['context', 'secrets', 'workflow', 'runtime']

/**
 * Lists every expression of a definition.
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
  for (const [name, policy] of Object.entries(use.retries ?? {})) {
    for (const { path, value, mode } of policyTemplates(`/use/retries/${pointerToken(name)}`, policy)) collect(path, value, mode, [...variables, 'error'])
  }
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

/** Narrows a part of a definition to JSON, which the types of the DSL do not say of every property. */
function isTemplate (value: object | Json | undefined): value is Json {
  return value !== undefined
}

function collectTask (found: DefinitionExpression[], { path, task, variables: around }: TaskVisit): void {
  const collect = collector(found, path)
  const before = [...WORKFLOW_VARIABLES, 'task', ...around]
  const inside = isRemoteCall(task) ? [...before, 'input', 'authorization'] : [...before, 'input']
  collect('/if', task.if, 'expression', before)
  collect('/timeout', task.timeout, 'value', before)
  collect('/input/from', task.input?.from, 'expression', before)
  collect('/output/as', task.output?.as, 'expression', inside)
  collect('/export/as', task.export?.as, 'expression', [...inside, 'output'])
  const { templates, variables } = traitsOf(task)
  const own = variables.map(({ name }) => name)
  for (const { path: at, value, mode, hasVariables } of templates) collect(at, value, mode, hasVariables ? [...inside, ...own] : inside)
}

/** Lists every duration of a definition that is written in place, with its JSON pointer. */
export function durationsOf (definition: WorkflowDefinition): Array<{ readonly path: string, readonly duration: Duration }> {
  const { timeout, use = {} } = definition
  const ofTimeout = (path: string, given: typeof timeout): PlacedDuration => [`${path}/after`, typeof given === 'object' ? given.after : undefined]
  const found: PlacedDuration[] = [ofTimeout('/timeout', timeout)]
  for (const [name, given] of Object.entries(use.timeouts ?? {})) found.push(ofTimeout(`/use/timeouts/${pointerToken(name)}`, given))
  for (const [name, policy] of Object.entries(use.retries ?? {})) found.push(...policyDurations(`/use/retries/${pointerToken(name)}`, policy))
  for (const { path, task } of visitTasks(definition)) {
    found.push(ofTimeout(`${path}/timeout`, task.timeout))
    for (const [at, duration] of traitsOf(task).durations) found.push([path + at, duration])
  }
  return found.flatMap(([path, duration]) => duration === undefined ? [] : [{ path, duration }])
}
