import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'
import type { Fault } from '../api/api-error.ts'

/** These say no more than that one of those below them did not hold. */
const CONTAINERS: ReadonlySet<string> = new Set(['properties', 'items', 'prefixItems', 'allOf', '$ref', 'additionalProperties', 'patternProperties'])

const MISSING = /property "(.*)"\.$/

/** What is wrong with an input by its schema. It needs no compiler, which the policy of these pages would refuse. */
export function faultsOf (schema: unknown, input: unknown): readonly Fault[] {
  if (!isSchema(schema)) return []
  const { errors } = new Validator(schema, '2020-12', false).validate(input)
  return errors.filter(({ keyword }) => !CONTAINERS.has(keyword)).map(faultOf)
}

function faultOf ({ keyword, instanceLocation, error }: OutputUnit): Fault {
  const path = decodeURIComponent(instanceLocation.replace(/^#/, ''))
  const missing = keyword === 'required' ? MISSING.exec(error)?.[1] : undefined
  return missing === undefined ? { path, message: error } : { path: `${path}/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: 'This is needed.' }
}

function isSchema (schema: unknown): schema is Schema | boolean {
  return typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null && !Array.isArray(schema))
}
