import { isJsonObject, type Json } from '../../json.ts'
import { taskError } from '../problem.ts'

/** Gives a value as an argument of a program: a text as it is, anything else as JSON. */
export function argumentText (value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Gives a value as the environment of a process. @throws TaskError `configuration` when it is no object */
export function environmentTexts (variables: unknown): { [name: string]: string } {
  if (variables === undefined || variables === null) return {}
  if (!isJsonObject(variables)) throw taskError('configuration', 'An environment must be an object.')
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, argumentText(value)]))
}
