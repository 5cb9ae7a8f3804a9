import { isJsonObject, type Json } from '../json.ts'
import type { Scope } from './evaluator.ts'

const PATH = /^(?:\.|(?:\$(?<variable>[A-Za-z_][A-Za-z0-9_]*))?(?<steps>(?:\.[A-Za-z_][A-Za-z0-9_]*)*))$/

/**
 * Evaluates a program that is nothing but a path, such as `.pet.name` or `$context.seen`. Most programs are, and jq needs
 * more than a millisecond for each.
 *
 * @returns undefined when the program is something else, or may have no value: only jq knows then
 */
export function pathValue (program: string, { input, variables }: Scope): Json | undefined {
  const path = PATH.exec(program)
  if (path === null || program === '') return undefined
  const { variable, steps = '' } = path.groups ?? {}
  let value: Json | undefined = variable === undefined ? input : own(variables, variable)
  for (const step of steps.split('.').slice(1)) {
    if (value === null) return null
    if (!isJsonObject(value)) return undefined
    value = own(value, step) ?? null
  }
  return value
}

function own (values: { readonly [name: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}
