import type { NamedParts, UsedParts, WorkflowDefinition } from '../definition/dsl.ts'
import { taskError } from './problem.ts'

/** Gives a part of a definition that stands in `use` under a name. @throws TaskError `configuration` when there is none */
export function namedPart<Group extends keyof NamedParts> (definition: WorkflowDefinition, group: Group, name: string): NamedParts[Group] {
  const use: UsedParts = definition.use ?? {}
  const parts: { readonly [name: string]: NamedParts[Group] } | undefined = use[group]
  const part = parts !== undefined && Object.hasOwn(parts, name) ? parts[name] : undefined
  if (part === undefined) throw taskError('configuration', `There is no "${name}" in use.${group}.`)
  return part
}
