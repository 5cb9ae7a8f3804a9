import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Json, JsonObject, SchemaReference } from '../definition/dsl.ts'
import { taskError } from './problem.ts'

/** One thing that is wrong with a value. */
export interface SchemaFault {
  /** JSON pointer into the value. */
  readonly path: string
  readonly message: string
}

const validators = new WeakMap<object, ValidateFunction>()

/**
 * What a JSON Schema (draft 2020-12) has against a value; nothing when it matches.
 *
 * @throws TaskError `configuration` when the schema itself is wrong
 */
export function schemaFaults (schema: JsonObject | boolean, value: Json): SchemaFault[] {
  const validate = validatorOf(schema)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message = 'is not allowed', params }) => {
    const extra: unknown = params['additionalProperty'] ?? params['unevaluatedProperty']
    return { path: instancePath, message: typeof extra === 'string' ? `${message}: "${extra}"` : message }
  })
}

/** @throws TaskError `validation` when a value does not match; `configuration` when the schema itself is wrong */
export function checkSchema (reference: SchemaReference | undefined, value: Json, what: string): void {
  if (reference?.document === undefined) return
  const faults = schemaFaults(reference.document, value)
  if (faults.length === 0) return
  const text = faults.slice(0, 10).map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ')
  throw taskError('validation', `${what} does not match its schema: ${text}.`)
}

function validatorOf (schema: JsonObject | boolean): ValidateFunction {
  const known = typeof schema === 'object' ? validators.get(schema) : undefined
  if (known !== undefined) return known
  try {
    // One Ajv for each schema, as it would refuse a second schema with the same $id.
    const ajv = new Ajv2020({ allErrors: true, strict: false })
    addFormats.default(ajv)
    const validate = ajv.compile(withoutDialect(schema))
    if (typeof schema === 'object') validators.set(schema, validate)
    return validate
  } catch (cause) {
    throw taskError('configuration', `A schema of the workflow is wrong: ${cause instanceof Error ? cause.message : 'it does not compile'}.`, { cause })
  }
}

/** Schemas of older drafts that name their draft are read as far as they mean the same. */
function withoutDialect (schema: JsonObject | boolean): JsonObject | boolean {
  if (typeof schema === 'boolean') return schema
  const { $schema: _dialect, ...rest } = schema
  return rest
}
