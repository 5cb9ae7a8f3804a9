import type { SchemaReference } from '../definition/dsl.ts'
import { compileSchema, type SchemaCheck } from '../definition/json-schema.ts'
import { errorText } from '../error-text.ts'
import type { Fault } from '../fault.ts'
import type { Json, JsonObject } from '../json.ts'
import { taskError } from './problem.ts'

/**
 * Lists the faults that a JSON Schema finds in a value; none when it matches.
 *
 * @throws TaskError `configuration` when the schema itself is wrong
 */
export function schemaFaults (schema: JsonObject | boolean, value: Json): Fault[] {
  return checkOf(schema)(value)
}

/**
 * Checks a value against a schema of the definition.
 *
 * @param subject names the value at the beginning of a sentence
 * @throws TaskError `validation` when the value does not match; `configuration` when the schema itself is wrong
 */
export function checkSchema (reference: SchemaReference | undefined, value: Json, subject: string): void {
  if (reference?.document === undefined) return
  const faults = schemaFaults(reference.document, value)
  if (faults.length === 0) return
  const text = faults.slice(0, 10).map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ')
  throw taskError('validation', `${subject} does not match its schema: ${text}.`)
}

function checkOf (schema: JsonObject | boolean): SchemaCheck {
  try {
    return compileSchema(schema)
  } catch (cause) {
    throw taskError('configuration', `A schema of the workflow is wrong: ${errorText(cause)}.`, { cause })
  }
}
