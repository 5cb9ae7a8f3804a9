import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Fault } from '../fault.ts'
import { pointerToken, type Json, type JsonObject } from '../json.ts'

/** Lists the faults that a schema finds in a value; none when it matches. */
export type SchemaCheck = (value: Json) => Fault[]

const checks = new WeakMap<object, SchemaCheck>()

/**
 * Compiles a JSON Schema of draft 2020-12, or of draft-07 when its `$schema` says so. The same object is compiled once.
 *
 * @throws Error for an object that is no such schema
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

/** Gives a fault the path of the missing or forbidden property, and not of the object around it. */
function faultOf ({ instancePath, message = 'is not allowed', params }: ErrorObject): Fault {
  const at = (property: string, text: string) => ({ path: `${instancePath}/${pointerToken(property)}`, message: text })
  const missing: unknown = params['missingProperty']
  if (typeof missing === 'string') return at(missing, 'is needed')
  const extra: unknown = params['additionalProperty'] ?? params['unevaluatedProperty']
  return typeof extra === 'string' ? at(extra, 'is not allowed') : { path: instancePath, message }
}
