import type { SchemaReference } from '../definition/dsl.ts'
import { compileSchema, type SchemaCheck, type SchemaFault } from '../definition/json-schema.ts'
import { errorText } from '../error-text.ts'
import type { Json, JsonObject } from '../json.ts'
import { taskError } from './problem.ts'

/**
 * What a JSON Schema has against a value; nothing when it matches.
 *
 * @throws TaskError `configuration` when the schema itself is wrong
 */
export function schemaFaults (schema: JsonObject | boolean, value: Json): SchemaFault[] {
  return checkOf(schema)(value)
}

/** @throws TaskError `validation` when a value does not match; `configuration` when the schema itself is wrong */
export function checkSchema (reference: SchemaReference | undefined, value: Json, what: string): void {
  if (reference?.document === undefined) return
  const faults = schemaFaults(reference.document, value)
  if (faults.length === 0) return
  const text = faults.slice(0, 10).map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ')
  throw taskError('validation', `${what} does not match its schema: ${text}.`)
}

function checkOf (schema: JsonObject | boolean): SchemaCheck {
  try {
    return compileSchema(schema)
  } catch (cause) {
    throw taskError('configuration', `A schema of the workflow is wrong: ${errorText(cause)}.`, { cause })
  }
}
