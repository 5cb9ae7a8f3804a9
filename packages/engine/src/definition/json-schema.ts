import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { pointerToken, type Json, type JsonObject } from '../json.ts'

/** One thing that is wrong with a value. */
export interface SchemaFault {
  /** JSON pointer into the value. */
  readonly path: string
  readonly message: string
}

/** Tells what a schema has against a value; nothing when it matches. */
export type SchemaCheck = (value: Json) => SchemaFault[]

const checks = new WeakMap<object, SchemaCheck>()

/**
 * Compiles a JSON Schema of draft 2020-12, or of draft-07 when its `$schema` says so. The same object is compiled once.
 *
 * @throws Error when it is no such schema
 */
export function compileSchema (schema: JsonObject | boolean): SchemaCheck {
  const known = typeof schema === 'object' ? checks.get(schema) : undefined
  if (known !== undefined) return known
  const options = { allErrors: true, strict: false }
  // One Ajv for each schema, as it would refuse a second schema with the same $id.
  const ajv = typeof schema === 'object' && /draft-07/.test(String(schema['$schema'])) ? new Ajv(options) : new Ajv2020(options)
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  const check: SchemaCheck = (value) => validate(value) ? [] : (validate.errors ?? []).map(faultOf)
  if (typeof schema === 'object') checks.set(schema, check)
  return check
}

/** A property that is missing or not allowed is at fault itself, not what it is in. */
function faultOf ({ instancePath, message = 'is not allowed', params }: ErrorObject): SchemaFault {
  const at = (property: string, text: string) => ({ path: `${instancePath}/${pointerToken(property)}`, message: text })
  const missing: unknown = params['missingProperty']
  if (typeof missing === 'string') return at(missing, 'is needed')
  const extra: unknown = params['additionalProperty'] ?? params['unevaluatedProperty']
  return typeof extra === 'string' ? at(extra, 'is not allowed') : { path: instancePath, message }
}
